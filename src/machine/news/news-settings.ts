/** What a person set up to be told by. */
export interface NewsSettings {
  readonly desktop: boolean
  readonly mail: { readonly to: string; readonly from: string; readonly server: string } | null
  readonly ntfy: string | null
  readonly webhook: string | null
  /** A program and its arguments. */
  readonly command: readonly string[]
  readonly alive: string | null
}
