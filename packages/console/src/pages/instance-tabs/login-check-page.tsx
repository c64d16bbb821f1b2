/** Whether an identity would be let in and, if not, why not and what to do (design 5.9). The question is in the URL. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { LoginCheckRequest } from '@lakegate/client'
import { useMayDo } from '../../data/instances.ts'
import { loginCheckQuery } from '../../data/login-check.ts'
import { PageError, Skeleton } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'
import { useInstanceName } from '../instance/use-instance-name.ts'
import { LoginCheckForm } from './login-check-form.tsx'
import { LoginCheckResult } from './login-check-result.tsx'
import { loginCheckSearch, useSearchOf } from './searches.ts'
import { Denied } from '../instance/denied.tsx'

export function LoginCheckPage() {
  const name = useInstanceName()
  const mayOwn = useMayDo(name, 'check_own_login')
  const mayAny = useMayDo(name, 'check_any_login')
  const { identity, role, database } = useSearchOf(loginCheckSearch)
  const navigate = useNavigate()
  // If a person who does not manage the instance opens the link of one who does, the check is about the person's own
  // login only.
  const who = mayAny === true ? identity : undefined
  const question: LoginCheckRequest = {
    role: role ?? '',
    ...(who === undefined ? {} : { identity: who }),
    ...(database === undefined ? {} : { database }),
  }
  const isAsked = role !== undefined && mayOwn === true && mayAny !== undefined
  const { data, error, isFetching, refetch } = useQuery({
    ...loginCheckQuery(name, question),
    enabled: isAsked,
  })
  if (mayOwn === undefined || mayAny === undefined) return <Skeleton />
  if (!mayOwn) return <Denied />
  const ask = (asked: LoginCheckRequest) => {
    if (JSON.stringify(asked) === JSON.stringify(question)) void refetch()
    else
      void navigate({
        to: '.',
        search: { identity: asked.identity, role: asked.role, database: asked.database },
      })
  }
  return (
    <>
      <p>{messages.instanceTabs.loginCheck.intro}</p>
      <LoginCheckForm
        key={JSON.stringify(question)}
        instance={name}
        mayAskOfAny={mayAny}
        asked={question}
        isBusy={isFetching}
        onAsk={ask}
      />
      {error !== null && <PageError error={error} onRetry={() => void refetch()} />}
      {isAsked && data === undefined && error === null && <Skeleton />}
      {data !== undefined && error === null && <LoginCheckResult instance={name} answer={data} />}
    </>
  )
}
