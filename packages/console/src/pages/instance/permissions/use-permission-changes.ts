/** Changes of one row: saved at once, reported in a flag, with Undo for eight seconds. */
import { useChangePermissions, type Grant, type PermissionLevel } from '../../../data/instance-permissions.ts'
import { showFlag } from '../../../kit/flags.tsx'
import { messages } from '../../../messages/index.ts'
import { grantsOf, keyOf, withLevel, type PermissionRow } from './permission-rows.ts'

const texts = messages.instance.permissions
const UNDO_WITHIN = 8_000

export interface PermissionChanges {
  readonly setLevel: (row: PermissionRow, level: PermissionLevel) => void
  readonly remove: (row: PermissionRow, rows: readonly PermissionRow[]) => void
  readonly add: (grant: Grant, displayName: string, onDone: () => void) => void
  readonly isBusy: boolean
  readonly error: Error | null
}

export function usePermissionChanges(instance: string): PermissionChanges {
  const { mutate, isPending, error } = useChangePermissions(instance)
  const grant = (one: Grant, onSuccess?: () => void) =>
    mutate({ mode: 'merge', grants: [one] }, onSuccess === undefined ? {} : { onSuccess })
  const revoke = (one: Pick<Grant, 'type' | 'name'>, rows: readonly PermissionRow[], done?: () => void) =>
    mutate(
      { mode: 'replace', grants: grantsOf(rows).filter((other) => keyOf(other) !== keyOf(one)) },
      done === undefined ? {} : { onSuccess: done },
    )
  const tell = (text: string, undo?: () => void) =>
    showFlag({ text, lasts: UNDO_WITHIN, ...(undo === undefined ? {} : { undo }) })
  return {
    setLevel: (row, level) =>
      grant(withLevel(row, level), () =>
        tell(texts.changed(row.displayName, texts.levels[level]), () => grant(withLevel(row, row.level))),
      ),
    remove: (row, rows) =>
      revoke(row, rows, () => tell(texts.removed(row.displayName), () => grant(withLevel(row, row.level)))),
    add: (one, displayName, onDone) =>
      grant(one, () => {
        tell(texts.changed(displayName, texts.levels[one.level]))
        onDone()
      }),
    isBusy: isPending,
    error,
  }
}
