/** All mirrors of a part in the order in which nodes try them, none with a slash at its end. */
export function mirrorUrls({ url, urls }: { readonly url?: string | undefined; readonly urls: readonly string[] }): readonly string[] {
  const all = url === undefined ? urls : [url, ...urls];
  return [...new Set(all.map(one => one.replace(/\/+$/, '')))];
}
