/** What the palette finds: pages, actions, instances, users. Every entry opens a page; choosing one changes nothing. */
import type { LinkProps } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { instancesQuery } from '../data/instances.ts'
import { useMay, useSession } from '../data/session.ts'
import { userSearchQuery } from '../data/user-search.ts'
import { messages } from '../messages/index.ts'
import { usePlaces, type Address } from './places.tsx'

const texts = messages.app.palette

export interface PaletteEntry {
  readonly id: string
  readonly label: string
  readonly target: LinkProps
}

export interface PaletteGroup {
  readonly title: string
  readonly entries: readonly PaletteEntry[]
}

const MOST_OF_A_GROUP = 8
const SEARCHES_USERS_FROM = 2

/** @param text as typed */
export function usePaletteGroups(text: string): readonly PaletteGroup[] {
  const pages = usePages()
  const { data: instances = [] } = useQuery(instancesQuery)
  const mayCreate = [useMay('create_instance'), useMay('attach_instance')].includes(true)
  const seesUsers = useMay('see_identities') === true && text.trim().length >= SEARCHES_USERS_FROM
  const { data: users = [] } = useQuery({ ...userSearchQuery(text.trim()), enabled: seesUsers })
  const contains = containsAll(text)
  const available = instances.filter(({ state }) => state === 'AVAILABLE')
  const groups: readonly PaletteGroup[] = [
    { title: texts.pages, entries: pages },
    {
      title: texts.instances,
      entries: instances.map(({ name }) => ({
        id: `instance ${name}`,
        label: name,
        target: toInstance(name),
      })),
    },
    {
      title: texts.actions,
      entries: [
        ...(mayCreate ? [to('/compute/instances/new', texts.createInstance)] : []),
        to('/settings/access-tokens', texts.generateToken, 'generate'),
        ...available.flatMap(({ name }) => [
          { id: `token ${name}`, label: texts.getToken(name), target: toInstance(name) },
          { id: `query ${name}`, label: texts.newQueryOn(name), target: toNewQuery(name) },
        ]),
      ],
    },
  ]
  const found = groups.map(({ title, entries }) => ({
    title,
    entries: entries.filter(({ label }) => contains(label)).slice(0, MOST_OF_A_GROUP),
  }))
  // The server has already searched them.
  const people = seesUsers ? users.map(toUser) : []
  return [...found, { title: texts.users, entries: people }].filter(({ entries }) => entries.length > 0)
}

function usePages(): readonly PaletteEntry[] {
  const places = usePlaces()
  const session = useSession()
  const seesSessions = useMay('see_audit') === true
  return [
    ...places.map(({ to: path, label }) => to(path, label)),
    ...(seesSessions ? [to('/compute/sessions', messages.app.openSessions)] : []),
    to('/identity/service-principals', messages.app.servicePrincipals),
    to('/identity/groups', messages.app.groups),
    ...(session.is_account_admin ? [to('/account/applications', messages.app.applications)] : []),
    to('/settings/access-tokens', texts.accessTokens),
    to('/settings/sessions', texts.ownSessions),
    to('/settings/appearance', texts.appearance),
    to('/help/connect', texts.connect),
    to('/help/refusals', texts.refusals),
  ]
}

const to = (path: Address, label: string, id = ''): PaletteEntry => ({
  id: `page ${path} ${id}`,
  label,
  target: { to: path },
})

// The types of the routes exist only in the whole program, which this file must not import.
const toInstance = (name: string): LinkProps =>
  ({ to: '/compute/instances/$name', params: { name } }) as LinkProps

const toNewQuery = (instance: string): LinkProps =>
  ({ to: '/sql', search: { instance, new: true } }) as LinkProps

const toUser = ({ id, userName, displayName }: { id: string; userName: string; displayName: string }) => ({
  id: `user ${id}`,
  label: displayName === '' || displayName === userName ? userName : `${displayName} · ${userName}`,
  target: { to: '/identity/users/$id', params: { id } } as LinkProps,
})

/** Whether the label contains each typed word, in any order. */
function containsAll(text: string): (label: string) => boolean {
  const words = text
    .toLocaleLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return (label) => words.every((word) => label.toLocaleLowerCase().includes(word))
}
