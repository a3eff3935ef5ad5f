/** Folders that a provider's own program keeps the same as a cloud, told by the names those programs give them. */

/** Whose program, as a person knows it. */
export type ClientName = 'Dropbox' | 'OneDrive' | 'Google Drive' | 'iCloud Drive' | 'Nextcloud'

/** One part of a path each: what the programs call their folders, alone or with the account behind it ("Dropbox (Studio)", "OneDrive - Studio"). */
const names: readonly (readonly [ClientName, RegExp])[] = [
  ['Dropbox', /^dropbox(?: ?\(.+\))?$/iu],
  ['OneDrive', /^onedrive(?: - .+)?$/iu],
  ['Google Drive', /^(?:google drive|googledrive|my drive)$/iu],
  ['iCloud Drive', /^(?:icloud ?drive|com~apple~clouddocs)$/iu],
  ['Nextcloud', /^nextcloud\d*$/iu],
]

/** Below ~/Library/CloudStorage macOS puts the account behind a dash; elsewhere "dropbox-export" is a name of somebody's own. */
const accountOnMac = /^CloudStorage[\\/]([^\\/-]+)-/u

/** A name is a hint, no proof: a folder may be called so and be nobody's. Null when no part of the path has such a name. */
export function clientOf(folder: string): ClientName | null {
  const onMac = folder.indexOf('CloudStorage')
  const account = onMac < 0 ? undefined : accountOnMac.exec(folder.slice(onMac))?.[1]
  for (const part of [...folder.split(/[\\/]/u), account ?? '']) {
    const found = names.find(([, pattern]) => pattern.test(part))
    if (found !== undefined) return found[0]
  }
  return null
}

/** Two ways it can go wrong, and what not to count on. */
export const inClientFolder = ({ name }: { readonly name: string }, client: ClientName): string =>
  `By its path, “${name}” lies in a folder that the program of ${client} keeps the same as the cloud: what is deleted at one is deleted at the other, and a file may be only a name whose bytes lie in the cloud. What is in the cloud through that program does not count as a copy.`

export const outOfClientFolder =
  'Better give Fivefold a folder outside, and let it send to the cloud itself. Else set that program to keep every file on this disk, and delete nothing there by hand.'
