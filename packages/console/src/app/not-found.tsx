/** What stands where a page is missing or broke. */
import type { ErrorComponentProps } from '@tanstack/react-router'
import { LinkButton } from '../kit/button.tsx'
import { Page } from '../kit/page.tsx'
import { EmptyState, PageError } from '../kit/state.tsx'
import { messages } from '../messages/index.ts'

export function NotFound() {
  return (
    <Page title={messages.kit.notFound}>
      <EmptyState actions={<LinkButton to="/compute/instances">{messages.kit.backToInstances}</LinkButton>}>
        {messages.kit.notFound}
      </EmptyState>
    </Page>
  )
}

export function FailedPage({ error, reset }: ErrorComponentProps) {
  return (
    <Page title={messages.app.failed}>
      <PageError error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    </Page>
  )
}
