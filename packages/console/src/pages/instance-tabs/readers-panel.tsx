/** Who has SELECT on the chosen object; grants and revokes take effect at once. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { readersQuery, useChangeReaders, type Securable } from '../../data/registered-tables.ts'
import type { Principal } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { DataTable } from '../../kit/data-table.tsx'
import { TextField } from '../../kit/field.tsx'
import { showFlag } from '../../kit/flags.tsx'
import { Name } from '../../kit/name.tsx'
import { Section } from '../../kit/page.tsx'
import { EmptyState, InlineError, PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { PrincipalPicker } from '../identity/principal-picker.tsx'
import styles from './catalogs.module.css'

export interface ReadersPanelProps {
  readonly securable: Securable
  /** Then SELECT can also be granted on its schemas. */
  readonly isCatalogRegistered: boolean
  readonly onChoose: (name: string) => void
}

export function ReadersPanel({ securable, isCatalogRegistered, onChoose }: ReadersPanelProps) {
  const texts = messages.instanceTabs.catalogs
  const { data: readers, error, refetch } = useQuery(readersQuery(securable))
  const change = useChangeReaders(securable)
  return (
    <div className={styles['panel']}>
      <Section title={<bdi>{texts.readersOf(securable.name)}</bdi>}>
        <p>{texts.readersText[securable.type]}</p>
        {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
        {readers === undefined && error === null && <Skeleton lines={3} />}
        {readers !== undefined && (
          <DataTable
            label={texts.readersOf(securable.name)}
            items={readers}
            keyOf={(name) => name}
            nameOf={(name) => name}
            empty={<EmptyState>{texts.noReaders}</EmptyState>}
            columns={[
              {
                id: 'principal',
                title: texts.principal,
                render: (name) => <Name name={name} />,
                sortBy: (name) => name,
              },
              { id: 'privilege', title: texts.privilege, render: () => texts.select },
            ]}
            actionsOf={(name) => (
              <Button
                kind="quiet"
                isSmall
                aria-label={texts.revokeFrom(name)}
                isBusy={change.isPending && change.variables.principal === name}
                onPress={() =>
                  change.mutate(
                    { principal: name, change: 'remove' },
                    { onSuccess: () => showFlag({ text: texts.revoked(name) }) },
                  )
                }
              >
                {texts.revoke}
              </Button>
            )}
          />
        )}
        <GrantForm
          isBusy={change.isPending}
          onGrant={({ name }) =>
            change
              .mutateAsync({ principal: name, change: 'add' })
              .then(() => showFlag({ text: texts.granted(name) }))
          }
        />
        <InlineError error={change.error} />
      </Section>
      {isCatalogRegistered && <SchemaForm catalog={securable.name} onChoose={onChoose} />}
    </div>
  )
}

interface GrantFormProps {
  readonly isBusy: boolean
  readonly onGrant: (principal: Principal) => Promise<void>
}

function GrantForm({ isBusy, onGrant }: GrantFormProps) {
  const texts = messages.instanceTabs.catalogs
  const [chosen, setChosen] = useState<Principal>()
  // A new key empties the field.
  const [round, setRound] = useState(0)
  const grant = () => {
    if (chosen === undefined) return
    onGrant(chosen).then(
      () => {
        setChosen(undefined)
        setRound(round + 1)
      },
      // The panel shows the error; the choice stays.
      () => undefined,
    )
  }
  return (
    <div className={styles['grant']}>
      <PrincipalPicker key={round} label={texts.principal} chosen={chosen} onChoose={setChosen} />
      <Button isBusy={isBusy} isDisabled={chosen === undefined} onPress={grant}>
        {texts.grant}
      </Button>
    </div>
  )
}

interface SchemaFormProps {
  readonly catalog: string
  readonly onChoose: (name: string) => void
}

/** Schemas are not registered and need not exist yet, so their name is typed. */
function SchemaForm({ catalog, onChoose }: SchemaFormProps) {
  const texts = messages.instanceTabs.catalogs
  const [schema, setSchema] = useState('')
  const isName = schema.trim() !== '' && !/[.\s/]/.test(schema.trim())
  return (
    <Section title={texts.schema}>
      <form
        className={styles['grant']}
        onSubmit={(event) => {
          event.preventDefault()
          if (isName) onChoose(`${catalog}.${schema.trim()}`)
        }}
      >
        <TextField label={texts.schemaName} value={schema} onChange={setSchema} isMono />
        <Button type="submit" isDisabled={!isName}>
          {texts.showSchema}
        </Button>
      </form>
    </Section>
  )
}
