/** One flat record of texts for each place. Which names are in it is the kind's own matter. */
export type StoredSecret = Readonly<Record<string, string>>

/**
 * Where secrets are kept: the file of the home, or the system's keychain. Every verb rejects with `SecretsRefused` when it can't; a
 * promise kept means that it is on the disk.
 */
export interface SecretStore {
  /** Null when nothing was stored for this place. */
  read(placeId: string): Promise<StoredSecret | null>
  write(placeId: string, secret: StoredSecret): Promise<void>
  /** Nothing there is no error. */
  remove(placeId: string): Promise<void>
}
