/** Texts of Compute: the list of instances, and the form that makes one. */
import { plural } from '../message.ts'

export const compute = {
  tabs: 'Pages of Compute',
  create: 'Create database instance',
  attach: 'Attach an existing PostgreSQL',
  filterBy: 'Filter by name, owner, tag',
  state: 'State',
  kind: 'Kind',
  any: 'any',
  kinds: { embedded: 'PostgreSQL of Lakegate', attached: 'Attached' },
  allowed: (used: number, allowed: number) => `${String(used)} of ${String(allowed)} allowed`,
  allTaken: (allowed: number) =>
    plural(allowed, {
      one: 'This workspace may have # instance (instances-per-workspace). Delete one or ask the operator.',
      other: 'This workspace may have # instances (instances-per-workspace). Delete one or ask the operator.',
    }),
  columns: {
    name: 'Name',
    state: 'State',
    capacity: 'Capacity',
    postgres: 'PostgreSQL',
    nativeLogin: 'Native login',
    owner: 'Owner',
    created: 'Created',
  },
  on: 'on',
  off: 'off',
  you: 'you',
  capacity: (units: string) => `${units} CU`,
  start: 'Start',
  startNamed: (name: string) => `Start ${name}`,
  queryNamed: (name: string) => `New query on ${name}`,
  open: 'Open',
  empty:
    'No database instances yet. An instance is a PostgreSQL server that people sign in to with their own identity.',
  noSessionsSeen: 'You manage no instance. Whoever manages one sees its sessions here.',
  notAsked: (names: string) => `Not asked, because they do not run: ${names}`,
}
