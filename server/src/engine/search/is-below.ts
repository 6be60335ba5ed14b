/** isBelow: whether a path lies below one of many folders, in as many steps as it has folders itself. */

/** All are absolute, with forward slashes and none at the end. A folder does not lie below itself. */
export function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  let at = path.lastIndexOf('/');
  while (at > 0 && !folders.has(path.slice(0, at))) at = path.lastIndexOf('/', at - 1);
  return at > 0;
}
