/** Says what becomes of a password in the text, and how strong it is (design 3.6). */
import { canHashPasswords, findSecrets } from '@lakegate/sql-text'
import { IconLock } from '@tabler/icons-react'
import { useDeferredValue, useMemo } from 'react'
import { Button } from '../../../kit/button.tsx'
import { messages } from '../../../messages/index.ts'
import { holdsSecret, weakestPassword } from '../redact.ts'
import { useTabText } from './use-workbench.ts'
import styles from './workbench.module.css'

export interface PasswordChipProps {
  readonly tabId: number
  readonly asWritten: boolean
  readonly onChange: (asWritten: boolean) => void
}

export function PasswordChip({ tabId, asWritten, onChange }: PasswordChipProps) {
  const text = useDeferredValue(useTabText(tabId))
  const found = useMemo(() => (holdsSecret(text) ? judge(text) : undefined), [text])
  if (found === undefined) return null
  const { strength, hasRolePassword, isReadable } = found
  if (!hasRolePassword) return <p className={styles['chip']}>{messages.sql.password.other}</p>
  return (
    <div className={styles['chip']} role="status">
      <IconLock size={16} aria-hidden />
      <span>{saying(asWritten, isReadable)}</span>
      {isReadable && (
        <Button kind="quiet" isSmall onPress={() => onChange(!asWritten)}>
          {asWritten ? messages.sql.password.hashIt : messages.sql.password.sendAsWritten}
        </Button>
      )}
      {strength !== undefined && (
        <span className={styles['strength']} data-strength={strength}>
          <meter
            aria-label={messages.sql.password.strength}
            min={0}
            max={3}
            low={1.5}
            high={2.5}
            optimum={3}
            value={{ short: 1, simple: 2, strong: 3 }[strength]}
          />
          {messages.sql.password.strengths[strength]}
        </span>
      )}
    </div>
  )
}

function judge(text: string) {
  const passwords = findSecrets(text).filter(({ kind }) => kind === 'role_password')
  return {
    strength: weakestPassword(text),
    hasRolePassword: passwords.length > 0,
    isReadable: passwords.every(({ value }) => value !== undefined),
  }
}

function saying(asWritten: boolean, isReadable: boolean): string {
  if (!isReadable) return messages.sql.password.unreadable
  if (asWritten) return messages.sql.password.asWritten
  return canHashPasswords() ? messages.sql.password.hashed : messages.sql.password.hashedByServer
}
