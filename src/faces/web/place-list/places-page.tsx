/** Where copies live, whether each is there, and how full it is. */
import type { PlaceStatus } from '../api.ts'
import { useStatus } from '../live.ts'
import { Act } from '../parts/act.tsx'
import { Asked } from '../parts/asked.tsx'
import { Room } from '../parts/room.tsx'
import { ago } from '../parts/say-amounts.ts'
import { useWords } from '../words/words.tsx'
import { AddPlace } from './add-place.tsx'

export function PlacesPage() {
  const { places: words } = useWords()
  return (
    <>
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <Asked answer={useStatus()}>
        {({ places }) => (
          <div className="places">
            {places.map((place) => (
              <PlaceTile key={place.name} place={place} />
            ))}
          </div>
        )}
      </Asked>
      <AddPlace />
    </>
  )
}

function PlaceTile({ place }: { readonly place: PlaceStatus }) {
  const { places: words, roles, locale, common } = useWords()
  const state = place.online ? words.here : place.away ? words.away : words.gone
  return (
    <article className={`place ${place.online ? 'here' : place.away ? 'away' : 'gone'}`}>
      <div className="heading">
        <h2>{place.name}</h2>
        <span className="state">{state}</span>
      </div>
      <p className="quiet">
        {roles[place.role]}
        {place.lastUpdated === null ? '' : ` · ${words.lastUpdated(ago(place.lastUpdated, locale))}`}
        {place.online || place.lastSeen === null ? '' : ` · ${words.lastSeen(ago(place.lastSeen, locale))}`}
      </p>
      {place.sentence !== null && <p>{place.sentence}</p>}
      {place.readBack === 'cached' && <p className="warning">{words.proofCached}</p>}
      <Room freeBytes={place.freeBytes} totalBytes={place.totalBytes} />
      <dl>
        <dt>{words.address}</dt>
        <dd>{place.address}</dd>
        <dt>{words.site}</dt>
        <dd>{place.site}</dd>
      </dl>
      <div className="acts">
        {place.role === 'drive' && place.online && (
          <Act path="drive-update" body={{ name: place.name }} label={words.update} kind="main" />
        )}
        {place.online && <Act path="verify" body={{ place: place.name }} label={words.verify} />}
        <Act path={`places/${encodeURIComponent(place.name)}/check`} label={common.check} />
      </div>
    </article>
  )
}
