/** The job as pictures: one for each shot, whatever files belong to it. */
import { Button } from 'react-aria-components'
import type { JobView } from '../api.ts'
import { usePictures } from '../live.ts'
import { Asked } from '../parts/asked.tsx'
import { useWords } from '../words/words.tsx'

export function Pictures({ job }: { readonly job: JobView }) {
  const { jobs: words, common } = useWords()
  const pictures = usePictures(job.id)
  if (job.shots === 0) return null
  return (
    <section>
      <h2>{words.pictures}</h2>
      <Asked answer={pictures}>
        {({ pages }) => (
          <div className="pictures">
            {pages
              .flatMap((page) => page.pictures)
              .map(({ hash, name, files, source }) => (
                <figure key={hash}>
                  {source === null ? (
                    <span className="no-picture quiet">{words.noPicture}</span>
                  ) : (
                    <img src={source} alt={name} loading="lazy" decoding="async" />
                  )}
                  <figcaption className="quiet" title={name}>
                    {name}
                    {files > 1 ? ` · ${common.files(files)}` : ''}
                  </figcaption>
                </figure>
              ))}
          </div>
        )}
      </Asked>
      {pictures.hasNextPage && (
        <Button className="button plain" isDisabled={pictures.isFetching} onPress={() => void pictures.fetchNextPage()}>
          {words.more}
        </Button>
      )}
    </section>
  )
}
