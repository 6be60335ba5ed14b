/** parseSettings: whatever JSON a client sent becomes Settings, and a list of what was wrong with it. */

// Never throws and never guesses: a value that does not fit is reported and the default is used.

import {
  defaultSettings,
  type Setting,
  type SettingKey,
  type Settings,
  settingsTable,
} from '../../../protocol/settings.ts';

export interface ParsedSettings {
  readonly settings: Settings;
  /** One plain sentence each, for the log. */
  readonly problems: readonly string[];
}

/**
 * `raw` holds the keys of the table without `stet.`, flat (`"model.folder"`), nested
 * (`{ model: { folder } }`), or both. null and undefined mean "not set".
 */
export function parseSettings(raw: unknown): ParsedSettings {
  const problems: string[] = [];
  const settings: Record<string, unknown> = { ...defaultSettings() };
  if (raw === undefined || raw === null) return { settings: settings as unknown as Settings, problems };
  if (!isRecord(raw)) {
    problems.push(`The settings must be an object, not ${describe(raw)}; the defaults are used.`);
    return { settings: settings as unknown as Settings, problems };
  }
  for (const [key, value] of flatten(raw)) {
    if (!Object.hasOwn(settingsTable, key)) {
      problems.push(`stet.${key} is not a setting of Stet; it is ignored.`);
      continue;
    }
    const setting: Setting = settingsTable[key as SettingKey];
    const wanted = complaint(setting, value);
    if (wanted === undefined) settings[key] = value;
    else {
      const fallback = JSON.stringify(setting.default);
      problems.push(
        `stet.${key} must be ${wanted}, not ${describe(value)}; the default ${fallback} is used.`,
      );
    }
  }
  return { settings: settings as unknown as Settings, problems };
}

/** Whether two settings ask for the same engine process. */
export function isSameEngine(a: Settings, b: Settings): boolean {
  const keys: SettingKey[] = [
    'model.folder',
    'model.format',
    'model.cacheFolder',
    'model.cacheMemoryMb',
    'model.executionProvider',
    'model.shareBetweenWindows',
    'threads',
    'completion.backend',
  ];
  const remote: readonly SettingKey[] = [
    'completion.remoteUrl',
    'completion.remoteModel',
    'completion.remoteProtocol',
    'completion.remoteTemplate',
  ];
  if (a['completion.backend'] === 'remote') keys.push(...remote);
  return keys.every((key) => a[key] === b[key]);
}

/** What `value` should have been; undefined when it is fine. */
function complaint(setting: Setting, value: unknown): string | undefined {
  switch (setting.type) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'string':
      if (setting.enum) {
        return setting.enum.includes(value as string) ? undefined : `one of ${setting.enum.join(', ')}`;
      }
      return typeof value === 'string' ? undefined : 'a text';
    case 'number': {
      const { minimum, maximum } = setting;
      const isFine = Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
      return isFine ? undefined : `a whole number from ${minimum} to ${maximum}`;
    }
    case 'string[]': {
      const isFine = Array.isArray(value) && value.every((entry) => typeof entry === 'string');
      return isFine ? undefined : 'a list of texts';
    }
    case 'lists': {
      const isList = (list: unknown) =>
        Array.isArray(list) && list.every((entry) => typeof entry === 'string');
      const isFine = isRecord(value) && Object.values(value).every(isList);
      return isFine ? undefined : 'lists of texts by name';
    }
  }
}

/** Groups such as `completion` and `model` are opened; everything else is a value. */
function* flatten(raw: Record<string, unknown>, prefix = ''): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(raw)) {
    const key = prefix + name;
    const isGroup = Object.keys(settingsTable).some((known) => known.startsWith(`${key}.`));
    if (value === undefined || value === null) continue;
    if (isGroup && isRecord(value)) yield* flatten(value, `${key}.`);
    else yield [key, value];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
