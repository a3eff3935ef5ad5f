import type { PlaceId } from '../../domain/ids.ts'
import type { Credentials } from '../../engine/cloud-contract.ts'
import { homeAt } from '../home.ts'
import { secretsFile } from './secrets-file.ts'
import type { SecretStore } from './secret-store.ts'

/** What lets Fivefold in at the places of one home (S1). Everything may reject with `SecretsRefused`. */
export interface Secrets {
  credentialsOf(placeId: PlaceId): Credentials
  /** What lets in at the server that takes our mails. */
  readonly mail: {
    read(): Promise<string | null>
    write(password: string): Promise<void>
  }
  /** When a place is no longer set up. */
  remove(placeId: PlaceId): Promise<void>
  /** The `secretKey` of places that are encrypted for this recipient. It stays when a place is removed, as its files do. */
  keyFor(recipient: string): Credentials
}

/** No id of a place has a colon in it. */
const mailKey = 'news:mail'

/** `homeFolder` is an absolute path. Nothing is touched before the first use. */
export function openSecrets(homeFolder: string, store: SecretStore = secretsFile(homeAt(homeFolder).secrets)): Secrets {
  return {
    credentialsOf: (placeId) => ({
      read: () => store.read(placeId),
      write: (secret) => store.write(placeId, secret),
    }),
    mail: {
      read: async () => (await store.read(mailKey))?.['password'] ?? null,
      write: (password) => store.write(mailKey, { password }),
    },
    remove: (placeId) => store.remove(placeId),
    keyFor: (recipient) => ({
      read: () => store.read(keyName(recipient)),
      write: (secret) => store.write(keyName(recipient), secret),
    }),
  }
}

/** No id of a place has a colon. */
const keyName = (recipient: string): string => `age:${recipient}`
