/** The workflow as a picture: card, then library and second copy, then cloud and safe drive. */
import { Link } from 'wouter'
import type { PlaceStatus, Role, Status } from '../api.ts'
import { lightOf } from '../parts/lights.tsx'
import { Room } from '../parts/room.tsx'
import { useWords } from '../words/words.tsx'

const columns: readonly (readonly Role[])[] = [['card'], ['library', 'second'], ['cloud', 'drive']]

export function Flow({ status }: { readonly status: Status }) {
  return (
    <div className="flow">
      {columns.map((column) => (
        <div className="column" key={column.join(' ')}>
          {column.map((role) => (
            <Tier key={role} role={role} status={status} />
          ))}
        </div>
      ))}
    </div>
  )
}

function Tier({ role, status }: { readonly role: Role; readonly status: Status }) {
  const words = useWords()
  const places = status.places.filter((place) => place.role === role)
  const { files } = status.totals
  const proven = status.totals.proven[role]
  const light = lightOf(proven, files)
  const kept = status.cards.filter(({ verdict }) => verdict === 'keep').length
  return (
    <Link href={role === 'card' ? '/cards' : '/places'} className={`tier ${role} ${light}`}>
      <span className="heading">
        <span className="name">{words.roles[role]}</span>
        <span className={`light ${light}`} aria-hidden="true" />
      </span>
      <span className="quiet">{words.roleHint[role]}</span>
      <span className="amount">
        {role === 'card'
          ? `${words.cards.keep}: ${kept} · ${words.cards.free}: ${status.cards.length - kept}`
          : `${proven.toLocaleString(words.locale)} / ${words.common.files(files)}`}
      </span>
      {places.map((place) => (
        <PlaceLine key={place.name} place={place} />
      ))}
    </Link>
  )
}

function PlaceLine({ place }: { readonly place: PlaceStatus }) {
  const { places } = useWords()
  return (
    <span className="place-line">
      <span>
        {place.name}{' '}
        <span className="quiet">{place.online ? places.here : place.away ? places.away : places.gone}</span>
      </span>
      <Room freeBytes={place.freeBytes} totalBytes={place.totalBytes} />
    </span>
  )
}
