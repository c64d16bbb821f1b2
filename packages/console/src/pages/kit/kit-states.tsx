/** The states of a page: empty, loading, failed, denied, out of date. */
import { ApiError, UnreachableError } from '../../data/api.ts'
import { Button, LinkButton } from '../../kit/button.tsx'
import { EmptyState, InlineError, Notice, PageError, RefusalCard, Skeleton, Stale } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'

const texts = messages.kitPage
const nothing = () => undefined

const DENIED = new ApiError(403, 'PERMISSION_DENIED', texts.warn)
const BROKEN = new ApiError(500, 'INTERNAL_ERROR', texts.warn, { requestId: '0b5f0f0e-1c2d' })
const WRONG = new ApiError(400, 'INVALID_PARAMETER_VALUE', texts.problem)

export function KitStates() {
  return (
    <>
      <EmptyState actions={<Button kind="primary">{texts.primary}</Button>}>{texts.empty}</EmptyState>
      <div data-always-loading>
        <Skeleton lines={3} />
      </div>
      <Stale since={new Date('2026-11-26T14:02:11Z')} onRetry={nothing} />
      <Notice>{texts.info}</Notice>
      <Notice tone="warn" title={texts.warn} actions={<Button>{texts.secondary}</Button>} />
      <RefusalCard
        name="not_a_member"
        sqlstate="28000"
        message={texts.refusal.message}
        detail={texts.refusal.detail}
        hint={texts.refusal.hint}
        actions={<LinkButton to="/kit">{texts.check}</LinkButton>}
      />
      <InlineError error={WRONG} onRetry={nothing} />
      <PageError error={DENIED} onRetry={nothing} askWhom="ada@example.com" />
      <PageError error={BROKEN} onRetry={nothing} />
      <PageError error={new UnreachableError()} onRetry={nothing} />
    </>
  )
}
