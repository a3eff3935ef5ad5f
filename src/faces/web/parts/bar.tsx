/** A share of something as a bar. */
export function Bar({ share, label }: { readonly share: number; readonly label: string }) {
  return (
    <span className="bar" role="meter" aria-valuemin={0} aria-valuemax={1} aria-valuenow={share} aria-label={label}>
      <span style={{ width: `${share * 100}%` }} />
    </span>
  )
}
