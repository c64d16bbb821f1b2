/** The form: which identity, as which role, in which database. */
import { useQuery } from '@tanstack/react-query'
import type { LoginCheckRequest } from '@lakegate/client'
import { useState } from 'react'
import { instanceRolesQuery, signInRolesQuery } from '../../data/instance-roles.ts'
import { instanceQuery, useMayDo } from '../../data/instances.ts'
import { principalSearchQuery } from '../../data/principals.ts'
import { useSession } from '../../data/session.ts'
import { Button } from '../../kit/button.tsx'
import { ComboBox } from '../../kit/combo-box.tsx'
import { TextField } from '../../kit/field.tsx'
import { messages } from '../../messages/index.ts'
import styles from './login-check.module.css'

export interface LoginCheckFormProps {
  readonly instance: string
  readonly mayAskOfAny: boolean
  /** The question in the URL. */
  readonly asked: LoginCheckRequest
  readonly isBusy: boolean
  readonly onAsk: (question: LoginCheckRequest) => void
}

export function LoginCheckForm({ instance, mayAskOfAny, asked, isBusy, onAsk }: LoginCheckFormProps) {
  const texts = messages.instanceTabs.loginCheck
  const { person } = useSession()
  const [who, setWho] = useState(asked.identity ?? person.name)
  const [role, setRole] = useState(asked.role)
  const [database, setDatabase] = useState(asked.database ?? '')
  const [wasTried, setTried] = useState(false)
  const roles = useRoleNames(instance).filter((name) => name.toLowerCase().includes(role.toLowerCase()))
  const ask = () => {
    setTried(true)
    if (role === '' || who.trim() === '') return
    onAsk({
      role,
      ...(who.trim() === person.name ? {} : { identity: who.trim() }),
      ...(database.trim() === '' ? {} : { database: database.trim() }),
    })
  }
  return (
    <form
      className={styles['form']}
      aria-label={texts.label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        ask()
      }}
    >
      {mayAskOfAny ? (
        <Who
          who={who}
          onChange={setWho}
          problem={wasTried && who.trim() === '' ? texts.whoMissing : undefined}
        />
      ) : (
        <TextField label={texts.who} value={texts.whoOwn(person.name)} isReadOnly hint={texts.whoHint} />
      )}
      <ComboBox
        label={texts.role}
        options={roles.map((name) => ({ value: name, label: name }))}
        text={role}
        onTextChange={setRole}
        onChoose={setRole}
        allowsOther
        problem={wasTried && role === '' ? texts.roleMissing : undefined}
      />
      <TextField label={texts.database} isOptional value={database} onChange={setDatabase} isMono />
      <Button kind="primary" type="submit" isBusy={isBusy}>
        {texts.check}
      </Button>
    </form>
  )
}

interface WhoProps {
  readonly who: string
  readonly onChange: (who: string) => void
  readonly problem: string | undefined
}

/** Name or id. An identity that the workspace does not know is allowed too, because checking such a login is useful. */
function Who({ who, onChange, problem }: WhoProps) {
  const texts = messages.instanceTabs.loginCheck
  const { data, isFetching } = useQuery(principalSearchQuery(who.trim(), ['USER', 'SERVICE_PRINCIPAL']))
  return (
    <ComboBox
      label={texts.who}
      options={(data ?? []).map(({ name, displayName }) => ({
        value: name,
        label: name,
        ...(displayName === name ? {} : { description: displayName }),
      }))}
      text={who}
      onTextChange={onChange}
      onChoose={onChange}
      isSearching={isFetching}
      allowsOther
      problem={problem}
    />
  )
}

/** All roles for a person who may see them, otherwise the person's own. Another name can be typed. */
function useRoleNames(instance: string): readonly string[] {
  const maySeeAll = useMayDo(instance, 'see_roles')
  const { data: shown } = useQuery(instanceQuery(instance))
  const isAvailable = shown?.state === 'AVAILABLE'
  const all = useQuery({ ...instanceRolesQuery(instance), enabled: isAvailable && maySeeAll === true })
  const own = useQuery({ ...signInRolesQuery(instance), enabled: isAvailable && maySeeAll === false })
  return all.data?.map(({ name }) => name) ?? own.data?.roles.map(({ role }) => role) ?? []
}
