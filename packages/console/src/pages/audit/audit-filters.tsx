/** The filters as chips, one for each parameter of the API. */
import { useQuery } from '@tanstack/react-query'
import type { AuditRecordAnswer } from '@lakegate/client'
import type { AuditFilter, AuditOf } from '../../data/audit.ts'
import { instancesQuery } from '../../data/instances.ts'
import { principalsByIdQuery } from '../../data/principals.ts'
import { Button } from '../../kit/button.tsx'
import { ChipChoices, FilterChip } from '../../kit/filter-chip.tsx'
import { messages } from '../../messages/index.ts'
import { formatStamp } from '../../text/stamp.ts'
import { PrincipalPicker } from '../identity/principal-picker.tsx'
import { isFiltered, type AuditSearch } from './audit-search.ts'
import { InstantChooser, TextChooser } from './choosers.tsx'
import styles from './audit.module.css'

export interface AuditFiltersProps {
  readonly of: AuditOf
  readonly filter: AuditFilter
  /** The loaded records, whose reasons are offered as choices. */
  readonly records: readonly AuditRecordAnswer[]
  readonly onChange: (changed: AuditSearch) => void
}

const EVENTS = messages.audit.eventNames.split(' ')
const OUTCOMES = ['admitted', 'refused', 'failed'] as const
const NOTHING: AuditSearch = {
  event: undefined,
  outcome: undefined,
  reason: undefined,
  identity_id: undefined,
  instance_uid: undefined,
  since: undefined,
  until: undefined,
}

export function AuditFilters({ of, filter, records, onChange }: AuditFiltersProps) {
  const words = messages.audit.filter
  const outcome = OUTCOMES.find((name) => name === filter.outcome)
  const reasons = [...new Set(records.flatMap(({ reason }) => (reason === undefined ? [] : [reason])))].sort()
  return (
    <div className={styles['chips']} role="group" aria-label={messages.audit.filters}>
      <Choices
        label={words.event}
        value={filter.event}
        shown={filter.event === undefined ? undefined : messages.audit.event(filter.event)}
        choices={EVENTS.map((event) => ({ value: event, label: messages.audit.event(event) }))}
        onChange={(event) => onChange({ event })}
      />
      <Choices
        label={words.outcome}
        value={filter.outcome}
        shown={outcome === undefined ? filter.outcome : messages.audit.outcomes[outcome]}
        choices={OUTCOMES.map((value) => ({ value, label: messages.audit.outcomes[value] }))}
        onChange={(value) => onChange({ outcome: value })}
      />
      <FilterChip label={words.reason} value={filter.reason} onClear={() => onChange({ reason: undefined })}>
        {(close) => (
          <TextChooser
            label={words.reason}
            hint={messages.audit.reasonHint}
            offered={reasons}
            value={filter.reason}
            onChoose={(reason) => {
              close()
              onChange({ reason })
            }}
          />
        )}
      </FilterChip>
      <WhoChip of={of} filter={filter} records={records} onChange={onChange} />
      {of === 'workspace' ? (
        <InstanceChip filter={filter} onChange={onChange} />
      ) : (
        <FilterChip
          label={words.instance}
          value={filter.instance_uid}
          onClear={() => onChange({ instance_uid: undefined })}
        >
          {(close) => (
            <TextChooser
              label={words.instance}
              hint={messages.audit.instanceHint}
              offered={[]}
              value={filter.instance_uid}
              onChoose={(uid) => {
                close()
                onChange({ instance_uid: uid })
              }}
            />
          )}
        </FilterChip>
      )}
      {(['since', 'until'] as const).map((edge) => (
        <FilterChip
          key={edge}
          label={words[edge]}
          value={filter[edge] === undefined ? undefined : formatStamp(filter[edge])}
          onClear={() => onChange({ [edge]: undefined })}
        >
          {(close) => (
            <InstantChooser
              label={words[edge]}
              value={filter[edge]}
              offersSpans={edge === 'since'}
              onChoose={(instant) => {
                close()
                onChange({ [edge]: instant })
              }}
            />
          )}
        </FilterChip>
      ))}
      {isFiltered(filter) && (
        <Button kind="quiet" isSmall onPress={() => onChange(NOTHING)}>
          {messages.audit.clearAll}
        </Button>
      )}
    </div>
  )
}

interface ChoicesProps {
  readonly label: string
  readonly value: string | undefined
  readonly shown: string | undefined
  readonly choices: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string | undefined) => void
}

function Choices({ label, value, shown, choices, onChange }: ChoicesProps) {
  return (
    <FilterChip label={label} value={shown} onClear={() => onChange(undefined)}>
      {(close) => (
        <ChipChoices
          label={label}
          choices={choices}
          chosen={value}
          onChoose={(chosen) => {
            close()
            onChange(chosen)
          }}
        />
      )}
    </FilterChip>
  )
}

function InstanceChip({ filter, onChange }: Pick<AuditFiltersProps, 'filter' | 'onChange'>) {
  const { data } = useQuery(instancesQuery)
  const uid = filter.instance_uid
  return (
    <Choices
      label={messages.audit.filter.instance}
      value={uid}
      // A deleted instance has records, but no name any more.
      shown={data?.find((instance) => instance.uid === uid)?.name ?? uid}
      choices={(data ?? []).map((instance) => ({ value: instance.uid, label: instance.name }))}
      onChange={(chosen) => onChange({ instance_uid: chosen })}
    />
  )
}

function WhoChip({ of, filter, records, onChange }: AuditFiltersProps) {
  const id = filter.identity_id
  const place = of === 'workspace' ? 'workspace' : 'account'
  const ids = id === undefined ? [] : [id]
  const users = useQuery(principalsByIdQuery('USER', ids, place))
  const programs = useQuery(principalsByIdQuery('SERVICE_PRINCIPAL', ids, place))
  const known = [...(users.data ?? []), ...(programs.data ?? [])].find((principal) => principal.id === id)
  const name = known?.name ?? records.find(({ identity_id: other }) => other === id)?.identity_name
  return (
    <FilterChip
      label={messages.audit.filter.who}
      value={id === undefined ? undefined : (name ?? id)}
      onClear={() => onChange({ identity_id: undefined })}
    >
      {(close) => (
        <div className={styles['chooser']}>
          <PrincipalPicker
            label={messages.audit.filter.who}
            types={['USER', 'SERVICE_PRINCIPAL']}
            place={place}
            chosen={known}
            onChoose={(principal) => {
              if (principal === undefined) return
              close()
              onChange({ identity_id: principal.id })
            }}
          />
        </div>
      )}
    </FilterChip>
  )
}
