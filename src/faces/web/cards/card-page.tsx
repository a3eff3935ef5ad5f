import { useCard } from '../live.ts'
import type { CardView } from '../api.ts'
import { Act } from '../parts/act.tsx'
import { Asked } from '../parts/asked.tsx'
import { Rolls } from '../parts/rolls.tsx'
import { ago } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'
import { toneOf } from './cards-page.tsx'

export function CardPage({ id }: { readonly id: string }) {
  return <Asked answer={useCard(id)}>{(cards) => cards.map((card) => <OneCard key={card.id} card={card} />)}</Asked>
}

function OneCard({ card }: { readonly card: CardView }) {
  const { cards, locale } = useWords()
  const free = card.verdict === 'may-format'
  return (
    <>
      <section className={`sentence ${toneOf(card) === 'suspect' ? 'alarm' : free ? 'safe' : 'open'}`}>
        <h1>{card.label}</h1>
        <p>{free ? cards.free : cards.keep}</p>
      </section>
      <section>
        <h2>{free ? cards.whyFree : cards.why}</h2>
        <ul className="reasons">
          {card.because.map(({ code, sentence }) => (
            <li key={`${code} ${sentence}`}>{sentence}</li>
          ))}
        </ul>
        {card.suspect !== null && <p className="trouble">{card.suspect}</p>}
        {card.brokenPictures > 0 && <p className="trouble">{cards.broken(card.brokenPictures)}</p>}
      </section>
      <section>
        <h2>{cards.rolls}</h2>
        <Rolls rolls={card.rolls} />
      </section>
      <section>
        <h2>{cards.history}</h2>
        <ul className="reasons">
          {card.events.map(({ at, kind, sentence }) => (
            <li key={`${at} ${kind}`}>
              {sentence} <span className="quiet">{ago(at, locale)}</span>
            </li>
          ))}
          <li>{cards.lastSeen(ago(card.lastSeen, locale))}</li>
        </ul>
        {card.alarms.length > 0 && <Act path={`cards/${card.id}/seen`} label={cards.seen} kind="main" />}
        {card.retiredAt === null && <Act path={`cards/${card.id}/retire`} label={cards.retire} />}
      </section>
    </>
  )
}
