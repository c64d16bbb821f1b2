/** A note for a text that contains a secret. It is loaded with the first one, because most people never write one. */
import { canHashPasswords, findSecrets } from '@lakegate/sql-text'
import { IconLock } from '@tabler/icons-react'
import { useMemo } from 'react'
import { Button } from '../../../kit/button.tsx'
import { messages } from '../../../messages/index.ts'
import { weakestPassword } from '../redact.ts'
import styles from './workbench.module.css'

export interface PasswordNoteProps {
  readonly text: string
  readonly asWritten: boolean
  readonly onChange: (asWritten: boolean) => void
}

export function PasswordNote({ text, asWritten, onChange }: PasswordNoteProps) {
  const { strength, hasRolePassword, isReadable } = useMemo(() => judge(text), [text])
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
