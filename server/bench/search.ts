/** search: how good code search is on repositories that were never trained on. */

import type { Report } from './report.ts';
import { type SearchMaterial, searchQuality } from './search-quality.ts';
import type { Setting } from './setting.ts';

export async function search(setting: Setting, material: SearchMaterial): Promise<Report> {
  const suite = material.gitDirs.length > 0 ? 'search' : 'search on CoSQA';
  return { suite, conditions: setting.conditions, figures: await searchQuality(setting, material) };
}
