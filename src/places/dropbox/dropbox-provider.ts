import type { OAuthProvider } from '../cloud/access-token.ts'

/** Where Dropbox signs people in. `origin` stands for all of its hosts, on this computer only, for tests. */
export const dropboxProvider = (origin: string | null = null): OAuthProvider => ({
  tokenUrl: `${origin ?? 'https://api.dropboxapi.com'}/oauth2/token`,
  authorizeUrl: `${origin ?? 'https://www.dropbox.com'}/oauth2/authorize`,
  deviceUrl: null,
  scopes: ['account_info.read', 'files.metadata.read', 'files.content.read', 'files.content.write'],
  // Without it there is no refresh token, and the sign-in would end after four hours.
  extra: { token_access_type: 'offline' },
})
