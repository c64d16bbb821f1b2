/** Starts a stopped instance, from its row or from its page; hidden for people who may not. */
import { useChangeInstance } from '../../data/instance-changes.ts'
import { useMayDo } from '../../data/instances.ts'
import { Button, type ButtonKind } from '../../kit/button.tsx'
import { InlineError } from '../../kit/state.tsx'
import { messages } from '../../messages/index.ts'

export interface StartButtonProps {
  readonly name: string
  readonly kind?: ButtonKind
  readonly isSmall?: boolean
}

export function StartButton({ name, kind = 'secondary', isSmall = false }: StartButtonProps) {
  const mayStart = useMayDo(name, 'start_or_stop')
  const { mutate, isPending, error } = useChangeInstance(name)
  if (mayStart !== true) return null
  return (
    <>
      <Button
        kind={kind}
        isSmall={isSmall}
        isBusy={isPending}
        aria-label={messages.compute.startNamed(name)}
        onPress={() => mutate({ stopped: false })}
      >
        {messages.compute.start}
      </Button>
      <InlineError error={error} />
    </>
  )
}
