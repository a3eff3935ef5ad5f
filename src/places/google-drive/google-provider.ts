/** Where and for what a person signs in at Google. */
import type { OAuthProvider } from '../cloud/access-token.ts'

/**
 * `drive.file` shows us only what we made ourselves: nothing else of a person's Drive can be read or lost through us, and Google asks
 * for no yearly audit of it. What was made with one client id is seen with that client id only, so it belongs in the disaster kit.
 */
const scopes = ['https://www.googleapis.com/auth/drive.file']

/** What Google's own program brought is seen with this one only. It can change nothing. */
const onlyAsking = ['https://www.googleapis.com/auth/drive.readonly']

/** `origin` stands in for every host of Google, for tests. `isOnlyAsked` for a place that Google's own program fills. */
export function googleProvider(origin?: string, isOnlyAsked = false): OAuthProvider {
  const accounts = origin ?? 'https://accounts.google.com'
  const tokens = origin ?? 'https://oauth2.googleapis.com'
  return {
    tokenUrl: `${tokens}/token`,
    authorizeUrl: `${accounts}/o/oauth2/v2/auth`,
    deviceUrl: `${tokens}/device/code`,
    scopes: isOnlyAsked ? onlyAsking : scopes,
    // Without `offline` there is no refresh token at all, and without `consent` none the second time.
    extra: { access_type: 'offline', prompt: 'consent' },
  }
}
