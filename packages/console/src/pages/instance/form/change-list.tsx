/** What Save will change: «Native login: off → on». */
import { messages } from '../../../messages/index.ts'
import { changedFields, type FormValues } from './form-values.ts'
import styles from './form.module.css'

const texts = messages.instance.form

const NAMES: Readonly<Partial<Record<keyof FormValues, string>>> = {
  capacity: texts.capacity,
  usage_policy_id: texts.usagePolicy,
  enable_pg_native_login: messages.compute.columns.nativeLogin,
  custom_tags: texts.tags,
  retention_window_in_days: texts.retention,
  end_on_token_expiry: texts.endOnExpiry,
  end_on_membership_loss: texts.endOnLoss,
  enable_logical_replication: texts.replication,
  hosts: texts.hosts,
  database: texts.database,
  tls_mode: texts.tls,
  ca_pem: texts.ca,
  administrator: texts.administrator,
  administrator_password: texts.password,
  backend_authentication: texts.authentication,
  existing_passwords: texts.existing,
}

/** Too long to show, or secret. */
const UNSHOWN: ReadonlySet<keyof FormValues> = new Set(['ca_pem', 'administrator_password'])

export interface ChangeListProps {
  readonly before: FormValues
  readonly values: FormValues
}

export function ChangeList({ before, values }: ChangeListProps) {
  const changed = changedFields(before, values)
  if (changed.length === 0) return <p className={styles['changes']}>{texts.noChange}</p>
  return (
    <ul className={styles['changes']} aria-label={texts.changes}>
      {changed.map((field) => {
        const name = NAMES[field] ?? field
        return (
          <li key={field}>
            {UNSHOWN.has(field)
              ? texts.changed(name)
              : texts.change(name, show(before[field]), show(values[field]))}
          </li>
        )
      })}
    </ul>
  )
}

function show(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? messages.compute.on : messages.compute.off
  const text = String(value)
  return text === '' ? texts.empty : text.replaceAll('\n', ', ')
}
