/** How full a place is. */
import { useWords } from '../words/words.tsx'
import { Bar } from './bar.tsx'
import { bytes, percent } from './say-amounts.ts'

const nearlyFull = 0.95

export function Room({
  freeBytes,
  totalBytes,
}: {
  readonly freeBytes: number | null
  readonly totalBytes: number | null
}) {
  const { common, places, locale } = useWords()
  if (freeBytes === null) return null
  const free = common.free(bytes(freeBytes, locale))
  if (totalBytes === null || totalBytes === 0) return <p className="quiet">{free}</p>
  const used = 1 - freeBytes / totalBytes
  return (
    <div className={`room ${used > nearlyFull ? 'nearly-full' : ''}`}>
      <Bar share={used} label={places.full(percent(used, locale))} />
      <span className="quiet">{free}</span>
    </div>
  )
}
