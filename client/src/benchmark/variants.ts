/** variantsOf: the settings that one benchmark measures under: as they are, and with something changed. */

import { type Setting, type SettingKey, type Settings, settingsTable } from '../../../protocol/settings.ts';
import type { OverlaidSettings } from '../settings-overlay.ts';

export interface Variant {
  readonly name: string;
  readonly overlay: OverlaidSettings;
}

/** Settings that the next request obeys; a model or a number of threads needs a new engine (`npm run bench -- replay --against`). */
export const comparableKeys = [
  'completion.contextTokens',
  'completion.debounceMs',
  'completion.eagerness',
  'completion.editReuse',
  'completion.maxLines',
  'completion.maxTokens',
  'types.enable',
] as const satisfies readonly SettingKey[];

type Switches = Pick<Settings, 'completion.editReuse' | 'types.enable'>;

/** The product as it is set, and with what `against` changes; without it with edit reuse and types the other way round. */
export function variantsOf(now: Switches, against?: OverlaidSettings): Variant[] {
  const asSet = { name: 'as set', overlay: {} };
  if (against) {
    const name = Object.entries(against)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
    return [asSet, { name, overlay: against }];
  }
  const [hasReuse, hasTypes] = [now['completion.editReuse'], now['types.enable']];
  return [
    asSet,
    {
      name: hasReuse ? 'prefix reuse only' : 'edit reuse',
      overlay: { 'completion.editReuse': !hasReuse },
    },
    { name: hasTypes ? 'without types' : 'with types', overlay: { 'types.enable': !hasTypes } },
  ];
}

/** Reads `completion.maxTokens 32`, with or without `stet.` and `=`; or says in words what is wrong with it. */
export function parseComparison(text: string): OverlaidSettings | string {
  const [, key = '', value = ''] = /^\s*(?:stet\.)?([\w.]+)[\s=:]+(\S+)\s*$/.exec(text) ?? [];
  const known = comparableKeys.find((name) => name === key);
  if (!known)
    return `A setting and its value, such as completion.maxTokens 32. One of: ${comparableKeys.join(', ')}.`;
  const setting: Setting = settingsTable[known];
  if (setting.type === 'boolean') {
    if (/^(true|false)$/.test(value)) return { [known]: value === 'true' };
    return `${known} is true or false.`;
  }
  if (setting.type === 'number') {
    const { minimum, maximum } = setting;
    const number = Number(value);
    if (Number.isInteger(number) && number >= minimum && number <= maximum) return { [known]: number };
    return `${known} is a whole number from ${minimum} to ${maximum}.`;
  }
  if (setting.type === 'string' && setting.enum?.includes(value)) return { [known]: value };
  return `${known} is one of ${setting.type === 'string' ? setting.enum?.join(', ') : ''}.`;
}
