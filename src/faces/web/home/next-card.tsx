import { useNextCard } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { useWords } from '../words/words.tsx'

export function NextCard() {
  const { home } = useWords()
  const next = useNextCard()
  return (
    <section>
      <h2>{home.whichCard}</h2>
      <Asked answer={next}>
        {({ card, sentence, nearest }) => (
          <div className={`next-card ${card === null ? 'keep' : 'may-format'}`}>
            <strong>{card === null ? home.noCard : home.takeCard(card.label)}</strong>
            <p>{nearest === null ? sentence : home.needsLeast(nearest.label)}</p>
            {nearest !== null && (
              <ul>
                {nearest.because.map(({ code, sentence }) => (
                  <li key={code}>{sentence}</li>
                ))}
              </ul>
            )}
          </div>
        )}
      </Asked>
    </section>
  )
}
