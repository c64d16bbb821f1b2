/** The workbench as a React hook. */
import { useEffect, useSyncExternalStore } from 'react'
import { useSession } from '../../../data/session.ts'
import { ownerOf } from '../../../data/sql-drafts.ts'
import type { SqlSession } from '../../../data/sql-session.ts'
import { FIRST_STATE, type SqlState } from '../../../data/sql-state.ts'
import { workbench, type Workbench } from './workbench.ts'

/** Undefined until the drafts have been read. */
export function useWorkbench(): Workbench | undefined {
  const { workspace, person } = useSession()
  const owner = ownerOf(workspace.id, person.id)
  useEffect(() => void workbench.load(owner), [owner])
  return useSyncExternalStore(workbench.subscribe, workbench.getState)
}

const nothing = () => () => undefined

export const useSqlState = (session: SqlSession | undefined): SqlState =>
  useSyncExternalStore(session?.subscribe ?? nothing, session?.getState ?? (() => FIRST_STATE))

export const useTabText = (id: number): string =>
  useSyncExternalStore(workbench.onText, () => workbench.textOf(id))
