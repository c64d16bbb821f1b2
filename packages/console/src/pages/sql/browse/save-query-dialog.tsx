/** Saves the text of a tab, for the person or for the workspace. A text with a password cannot be saved. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { savedQueriesQuery, useSavedQueryChanges } from '../../../data/saved-queries.ts'
import { Button } from '../../../kit/button.tsx'
import { Switch } from '../../../kit/choice.tsx'
import { Dialog } from '../../../kit/dialog.tsx'
import { TextField } from '../../../kit/field.tsx'
import { showFlag } from '../../../kit/flags.tsx'
import { InlineError, Notice } from '../../../kit/state.tsx'
import { messages } from '../../../messages/index.ts'
import { holdsSecret } from '../redact.ts'
import { workbench, type EditorTab } from '../workbench/workbench.ts'

export function SaveQueryDialog({ tab, onClose }: { readonly tab: EditorTab; readonly onClose: () => void }) {
  const { data = [] } = useQuery(savedQueriesQuery)
  const before = data.find(({ id, is_own: isOwn }) => isOwn && id === tab.savedQuery?.id)
  const { create, change } = useSavedQueryChanges()
  const [name, setName] = useState(before?.name ?? tab.name)
  const [isShared, setShared] = useState(before?.is_shared ?? false)
  const text = workbench.textOf(tab.id)
  const isSecret = holdsSecret(text)
  const content = {
    name: name.trim(),
    sql: text,
    is_shared: isShared,
    ...(tab.instance === undefined ? {} : { database_instance_name: tab.instance }),
    ...(tab.database === undefined ? {} : { database: tab.database }),
  }
  const save = async () => {
    const saved = await (before === undefined
      ? create.mutateAsync(content)
      : // The version that this tab has read, so that a change of somebody else is not overwritten.
        change.mutateAsync({ ...content, id: before.id, version: tab.savedQuery?.version ?? before.version }))
    workbench.rename(tab.id, saved.name)
    workbench.set(tab.id, { savedQuery: { id: saved.id, version: saved.version } })
    showFlag({ text: messages.sql.saved.savedFlag(saved.name) })
    onClose()
  }
  // The state of the mutation shows a refusal below the fields.
  const trySaving = () => void save().catch(() => undefined)
  return (
    <Dialog
      title={messages.sql.saved.saveTitle}
      isOpen
      hasForm
      onClose={onClose}
      buttons={
        <Button
          kind="primary"
          isDisabled={isSecret || content.name === '' || text.trim() === ''}
          isBusy={create.isPending || change.isPending}
          onPress={trySaving}
        >
          {before === undefined ? messages.sql.saved.save : messages.sql.saved.saveChanges}
        </Button>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isSecret) trySaving()
        }}
      >
        <TextField label={messages.sql.saved.name} value={name} onChange={setName} autoFocus />
      </form>
      <Switch isSelected={isShared} onChange={setShared}>
        {messages.sql.saved.share}
      </Switch>
      {isSecret && <Notice tone="warn">{messages.sql.saved.secret}</Notice>}
      <InlineError error={create.error ?? change.error} />
    </Dialog>
  )
}
