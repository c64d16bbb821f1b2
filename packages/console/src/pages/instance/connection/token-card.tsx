/** «Get OAuth Token» → the flag → «Copy OAuthToken», with the labels of the vendor's page (design 1.1, 5.3). */
import type { DatabaseInstance } from '@lakegate/client'
import { useId, useState } from 'react'
import { useMayDo } from '../../../data/instances.ts'
import { useSession } from '../../../data/session.ts'
import { Button } from '../../../kit/button.tsx'
import { CopyTextButton, SecretField } from '../../../kit/copy.tsx'
import { Card } from '../../../kit/page.tsx'
import { InlineError } from '../../../kit/state.tsx'
import { Countdown } from '../../../kit/time.tsx'
import { messages } from '../../../messages/index.ts'
import { formatClock } from '../../../text/format.ts'
import { StartButton } from '../../compute/start-button.tsx'
import styles from './connection.module.css'
import { NoRole } from './no-role.tsx'
import { problemOfTables, ReadableTables, readTables } from './readable-tables.tsx'
import { useToken, type TokenState } from './use-token.ts'

const texts = messages.instance.token

export function TokenCard({ instance }: { readonly instance: DatabaseInstance }) {
  const { name, state: instanceState } = instance
  const { person } = useSession()
  const mayMint = useMayDo(name, 'mint_credential')
  const { state, get, expire, isBusy, error } = useToken()
  const [tables, setTables] = useState('')
  const reason = useId()
  const isAvailable = instanceState === 'AVAILABLE'
  if (isAvailable && mayMint === false) return <NoRole instance={instance} />
  if (mayMint === undefined) return null
  return (
    <Card title={texts.title}>
      <div className={styles['get']}>
        <Button
          kind="primary"
          isDisabled={!isAvailable || problemOfTables(tables) !== undefined}
          isBusy={isBusy}
          onPress={() => get({ instance: name, readableTables: readTables(tables) })}
          {...(isAvailable ? {} : { 'aria-describedby': reason })}
        >
          {texts.get}
        </Button>
        {!isAvailable && (
          <>
            <span id={reason}>{texts.notAvailable(messages.instance.states[instanceState])}</span>
            {instanceState === 'STOPPED' && <StartButton name={name} />}
          </>
        )}
      </div>
      <p role="status" className={styles['flag']} data-kind={state.kind}>
        {flagOf(state, person.name)}
      </p>
      {state.kind === 'held' && (
        <SecretField key={state.token} what={texts.title} secret={state.token} copyLabel={texts.copy}>
          <CopyTextButton what={texts.copyPgPassword} text={`export PGPASSWORD='${state.token}'`}>
            {texts.copyPgPassword}
          </CopyTextButton>
          <Countdown until={state.expiresAt} onEnd={expire} />
        </SecretField>
      )}
      <InlineError error={error} />
      {isAvailable && <ReadableTables value={tables} onChange={setTables} />}
    </Card>
  )
}

function flagOf(state: TokenState, person: string): string {
  switch (state.kind) {
    case 'none':
      return ''
    case 'held': {
      const time = formatClock(state.expiresAt)
      return state.isFirst ? texts.created(person, time) : texts.createdAgain(person, time)
    }
    case 'expired':
      return texts.expired(formatClock(state.expiresAt))
    case 'hidden':
      return texts.hidden
  }
}
