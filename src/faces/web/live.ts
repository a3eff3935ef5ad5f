/** What is on the screen follows what is so: answers are kept, and asked for again when the program says that something changed. */
import { QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import type {
  CardLine,
  CardView,
  JobsFound,
  JobView,
  NextCardAnswer,
  PicturesShown,
  Run,
  Said,
  Status,
  WhatIf,
} from './api.ts'
import { ask, Refused, say } from './api.ts'

const staleMs = 60_000

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: staleMs,
      retry: (tries, error) => !(error instanceof Refused) && tries < 3,
      refetchOnWindowFocus: true,
    },
  },
})

export const useStatus = () => useQuery({ queryKey: ['status'], queryFn: () => ask<Status>('status') })
export const useCards = () => useQuery({ queryKey: ['cards'], queryFn: () => ask<readonly CardLine[]>('cards') })
export const useNextCard = () => useQuery({ queryKey: ['next'], queryFn: () => ask<NextCardAnswer>('cards/next') })
export const useCard = (id: string) =>
  useQuery({ queryKey: ['card', id], queryFn: () => ask<readonly CardView[]>(`cards/${encodeURIComponent(id)}`) })
export const useJob = (id: string) =>
  useQuery({ queryKey: ['job', id], queryFn: () => ask<JobView>(`jobs/${encodeURIComponent(id)}`) })
const picturesAtOnce = 48
export const usePictures = (id: string) =>
  useInfiniteQuery({
    queryKey: ['pictures', id],
    queryFn: ({ pageParam }) =>
      ask<PicturesShown>(`jobs/${encodeURIComponent(id)}/pictures?offset=${pageParam}&count=${picturesAtOnce}`),
    initialPageParam: 0,
    getNextPageParam: ({ total }, pages) =>
      pages.length * picturesAtOnce < total ? pages.length * picturesAtOnce : null,
  })
export const useRuns = () => useQuery({ queryKey: ['runs'], queryFn: () => ask<readonly Run[]>('runs') })

export const useJobs = (search: string, state: string) =>
  useQuery({
    queryKey: ['jobs', search, state],
    queryFn: () => ask<JobsFound>(`jobs?${new URLSearchParams({ search, state })}`),
    placeholderData: (before) => before,
  })

export const useWhatIf = (lose: readonly string[]) =>
  useQuery({
    queryKey: ['what-if', ...lose],
    queryFn: () => ask<WhatIf>(`what-if?${new URLSearchParams(lose.map((name) => ['lose', name]))}`),
    placeholderData: (before) => before,
  })

/** Says something to the program; whatever it changed is asked for again. */
export function useSay<Value>(path: string, method: 'POST' | 'DELETE' = 'POST') {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: unknown) => say<Value>(path, body, method),
    onSettled: () => client.invalidateQueries(),
  })
}

/** The last sentences, newest first, kept outside React so that a thousand of them a second cost one drawing a frame. */
const kept = 500
/** A sentence, or that some are missing here. */
export type Heard = Said | { readonly id: string; readonly type: 'missed'; readonly at: string; readonly count: number }
let heard: readonly Heard[] = []
const listeners = new Set<() => void>()
let drawn = 0

function hear(one: Heard): void {
  heard = [one, ...heard].slice(0, kept)
  if (drawn !== 0) return
  drawn = requestAnimationFrame(() => {
    drawn = 0
    for (const listener of listeners) listener()
  })
}

const listen = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useHeard = (): readonly Heard[] => useSyncExternalStore(listen, () => heard)

const isSaid = (value: unknown): value is Said =>
  typeof value === 'object' && value !== null && 'sentence' in value && typeof value.sentence === 'string'
const isAgain = (value: unknown): value is { missed: number } =>
  typeof value === 'object' && value !== null && 'missed' in value && typeof value.missed === 'number'

/** One connection a window. The browser itself connects again, and says what it heard last. */
export function useEvents(): void {
  const client = useQueryClient()
  useEffect(() => {
    const events = new EventSource('/api/events')
    events.addEventListener('changed', () => {
      for (const key of ['status', 'cards', 'next', 'card', 'job', 'jobs', 'what-if'])
        void client.invalidateQueries({ queryKey: [key] })
    })
    events.addEventListener('again', ({ data }) => {
      const again: unknown = JSON.parse(String(data))
      if (isAgain(again) && again.missed > 0)
        hear({ id: crypto.randomUUID(), type: 'missed', at: new Date().toISOString(), count: again.missed })
      void client.invalidateQueries()
    })
    events.addEventListener('runs', ({ data }) => {
      const runs: unknown = JSON.parse(String(data))
      client.setQueryData(['runs'], runs)
    })
    events.addEventListener('said', ({ data }) => {
      const one: unknown = JSON.parse(String(data))
      if (isSaid(one)) hear(one)
    })
    return () => events.close()
  }, [client])
}
