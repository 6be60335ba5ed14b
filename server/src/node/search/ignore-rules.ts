/** IgnoreRules: the `.gitignore` and `.ignore` files that hold for a folder, its own and those above it. */

import { readFile } from 'node:fs/promises';
import ignore, { type Ignore } from 'ignore';

/** The rules of one folder. */
interface Level {
  /** Of the folder, with a slash at its end. */
  readonly prefix: string;
  readonly rules: Ignore;
}

/** As git does where it makes a repository: by what the system's own file systems do. */
const ignorecase = process.platform === 'win32' || process.platform === 'darwin';

/** A file of rules beyond this size is no file of rules. */
const maxRuleBytes = 1_000_000;

export class IgnoreRules {
  private constructor(private readonly levels: readonly Level[]) {}

  static readonly none = new IgnoreRules([]);

  /** With the rules that the folder at `path` (absolute, forward slashes) adds; `ruleFiles` in order of {@link ruleFileNames}. */
  async enter(path: string, ruleFiles: readonly string[]): Promise<IgnoreRules> {
    if (ruleFiles.length === 0) return this;
    const rules = ignore({ ignorecase });
    for (const name of ruleFiles) {
      const text = await readFile(`${path}/${name}`, 'utf8').catch(() => '');
      if (text.length <= maxRuleBytes) addRules(rules, text);
    }
    return new IgnoreRules([...this.levels, { prefix: `${path.replace(/\/$/, '')}/`, rules }]);
  }

  /**
   * What the rules say of `path` (absolute): the deepest folder that says something decides. `rules` are
   * those that hold within it, when it is a folder: where a rule takes back what a folder above ignores,
   * the rules above hold no longer. (Git would still apply their other patterns in there.)
   */
  judge(path: string, isFolder: boolean): { isIgnored: boolean; rules: IgnoreRules } {
    for (let at = this.levels.length - 1; at >= 0; at--) {
      const { prefix, rules } = this.levels[at] as Level;
      const relative = path.slice(prefix.length) + (isFolder ? '/' : '');
      const { ignored, unignored } = rules.test(relative);
      if (ignored) return { isIgnored: true, rules: this };
      if (unignored) return { isIgnored: false, rules: new IgnoreRules(this.levels.slice(at)) };
    }
    return { isIgnored: false, rules: this };
  }
}

/** Later ones win. */
export const ruleFileNames: readonly string[] = ['.gitignore', '.ignore'];

/** A line that the library cannot read costs that line. */
function addRules(rules: Ignore, text: string): void {
  for (const line of text.split(/\r?\n/)) {
    try {
      rules.add(line);
    } catch {
      // Such as a range out of order in brackets; git ignores it, too.
    }
  }
}
