/** The attributes of a role: each with one line of explanation, and a warning where it grants much. */
import type { DatabaseInstance } from '@lakegate/client'
import type { RoleAttribute, RoleSettings } from '../../data/instance-roles.ts'
import { Checkbox } from '../../kit/choice.tsx'
import { Notice } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import styles from './instance-tabs.module.css'

export interface RoleAttributeValues {
  readonly superuser: boolean
  readonly createdb: boolean
  readonly createrole: boolean
  readonly bypassrls: boolean
  readonly replication: boolean
}

export type RoleAttributeName = keyof RoleAttributeValues

export const NO_ATTRIBUTES: RoleAttributeValues = {
  superuser: false,
  createdb: false,
  createrole: false,
  bypassrls: false,
  replication: false,
}

const ATTRIBUTES: readonly RoleAttribute[] = ['createdb', 'createrole', 'bypassrls', 'replication']

/** Only those that differ from the present ones: a new role has none. */
export function toSettings(
  values: RoleAttributeValues,
  before: RoleAttributeValues = NO_ATTRIBUTES,
): RoleSettings {
  const changed = ATTRIBUTES.filter((attribute) => values[attribute] !== before[attribute])
  return {
    attributes: Object.fromEntries(changed.map((attribute) => [attribute, values[attribute]])),
    isSuperuser: values.superuser,
  }
}

export interface RoleAttributesProps {
  readonly instance: DatabaseInstance
  readonly values: RoleAttributeValues
  readonly onChange: (name: RoleAttributeName, value: boolean) => void
  readonly problemOf: (name: RoleAttributeName) => string | undefined
}

export function RoleAttributes({ instance, values, onChange, problemOf }: RoleAttributesProps) {
  const texts = messages.instanceTabs.roles
  // In an attached cluster its own administrator grants it, and without change data capture it has no use.
  const hasReplication =
    values.replication || (instance.attached === undefined && instance.effective_enable_logical_replication)
  const names: readonly RoleAttributeName[] = [
    'superuser',
    'createdb',
    'createrole',
    'bypassrls',
    ...(hasReplication ? (['replication'] as const) : []),
  ]
  return (
    <fieldset className={styles['attributes']}>
      <legend>{texts.attributes}</legend>
      {names.map((name) => (
        <Checkbox
          key={name}
          isSelected={values[name]}
          onChange={(value) => onChange(name, value)}
          hint={<span className={styles['meaning']}>{texts.meanings[name]}</span>}
          problem={problemOf(name)}
        >
          <bdi className={styles['mono']}>{name === 'superuser' ? texts.superuser : name.toUpperCase()}</bdi>
        </Checkbox>
      ))}
      {values.superuser && <Notice tone="warn">{texts.superuserWarning}</Notice>}
      {values.bypassrls && <Notice tone="warn">{texts.bypassrlsWarning}</Notice>}
    </fieldset>
  )
}
