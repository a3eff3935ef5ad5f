/** The cards as they lie in the case, each in the colour of its verdict. */
import { Link } from 'wouter'
import type { CardLine } from '../api.ts'
import { NextCard } from '../home/next-card.tsx'
import { useCards } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { ago, bytes } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'

export function CardsPage() {
  const { cards } = useWords()
  return (
    <>
      <h1>{cards.title}</h1>
      <p className="lead">{cards.lead}</p>
      <NextCard />
      <Asked answer={useCards()}>
        {(lines) =>
          lines.length === 0 ? (
            <p className="quiet">{cards.empty}</p>
          ) : (
            <ul className="wallet">
              {lines.map((card) => (
                <li key={card.id}>
                  <CardTile card={card} />
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </>
  )
}

export function toneOf(card: CardLine): 'suspect' | 'retired' | 'keep' | 'may-format' {
  if (card.suspect !== null) return 'suspect'
  if (card.retiredAt !== null) return 'retired'
  return card.verdict === 'may-format' ? 'may-format' : 'keep'
}

function CardTile({ card }: { readonly card: CardLine }) {
  const { cards, locale } = useWords()
  const tone = toneOf(card)
  const says = { suspect: cards.suspect, retired: cards.retired, keep: cards.keep, 'may-format': cards.free }[tone]
  return (
    <Link href={`/cards/${card.id}`} className={`memory-card ${tone}`}>
      <span className="name">{card.label}</span>
      <span className="verdict">{says}</span>
      <span className="quiet">{card.lastRoll ?? ''}</span>
      <span className="quiet">
        {card.volumeBytes === null ? '' : `${bytes(card.volumeBytes, locale)} · `}
        {cards.lastSeen(ago(card.lastSeen, locale))}
      </span>
      {tone === 'keep' && <span className="because">{card.because[0]?.sentence}</span>}
    </Link>
  )
}
