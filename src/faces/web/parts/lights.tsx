/** The five lights of a job: one for each tier, lit when everything there is proven. Shape tells what colour tells. */
import type { JobStatus, Role } from '../api.ts'
import { roles } from '../api.ts'
import { useWords } from '../words/words.tsx'

type Light = 'full' | 'part' | 'none'

export const lightOf = (proven: number, files: number): Light =>
  proven === 0 ? 'none' : proven >= files ? 'full' : 'part'

export function Lights({ job }: { readonly job: JobStatus }) {
  const { lights, roles: names, locale } = useWords()
  const number = (count: number): string => count.toLocaleString(locale)
  const say = (role: Role): string => {
    const { proven } = job.copies[role]
    const light = lightOf(proven, job.files)
    if (light === 'none') return lights.none(names[role])
    return (light === 'full' ? lights.proven : lights.some)(names[role], number(proven), number(job.files))
  }
  return (
    <ul className="lights" aria-label={lights.label(job.name)}>
      {roles.map((role) => (
        <li key={role} className={`light ${lightOf(job.copies[role].proven, job.files)}`} title={say(role)}>
          <span className="unseen">{say(role)}</span>
        </li>
      ))}
    </ul>
  )
}
