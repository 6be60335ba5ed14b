/** overrides: what the toggle commands chose, laid over the settings; pure, so that it can be tested anywhere. */

/** The two settings that can be toggled. */
export interface Toggleable {
  readonly enable: boolean;
  readonly disabledLanguages: readonly string[];
}

/** What the commands chose where it differs from the settings. */
export interface Overrides {
  readonly enable?: boolean;
  /** By language id: true for on. */
  readonly languages: Readonly<Record<string, boolean>>;
}

export type OffReason = 'everywhere' | 'language' | 'snoozed';

export function effectiveSettings(settings: Toggleable, overrides: Overrides): Toggleable {
  const isOff = (language: string) => overrides.languages[language] === false;
  const isOn = (language: string) => overrides.languages[language] === true;
  const added = Object.keys(overrides.languages).filter(isOff);
  return {
    enable: overrides.enable ?? settings.enable,
    disabledLanguages: [...new Set([...settings.disabledLanguages, ...added])].filter((id) => !isOn(id)),
  };
}

/** `languageId` is undefined where no editor is active. */
export function offReason(effective: Toggleable, languageId: string | undefined): OffReason | undefined {
  if (!effective.enable) return 'everywhere';
  const isOff = languageId !== undefined && effective.disabledLanguages.includes(languageId);
  return isOff ? 'language' : undefined;
}

export function toggled(settings: Toggleable, overrides: Overrides): Overrides {
  const wanted = !effectiveSettings(settings, overrides).enable;
  const { languages } = overrides;
  return wanted === settings.enable ? { languages } : { enable: wanted, languages };
}

export function toggledLanguage(settings: Toggleable, overrides: Overrides, languageId: string): Overrides {
  const isOn = !effectiveSettings(settings, overrides).disabledLanguages.includes(languageId);
  const { [languageId]: _, ...others } = overrides.languages;
  const agreesWithSetting = settings.disabledLanguages.includes(languageId) === isOn;
  return { ...overrides, languages: agreesWithSetting ? others : { ...others, [languageId]: !isOn } };
}
