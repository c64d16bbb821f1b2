/** Creates a personal access token, and shows its secret once: closing without having copied it asks. */
import { useState } from 'react'
import { z } from 'zod'
import { useAccessTokenChanges, type CreatedAccessToken } from '../../data/access-tokens.ts'
import { Button } from '../../kit/button.tsx'
import { Checkbox } from '../../kit/choice.tsx'
import { SecretField } from '../../kit/copy.tsx'
import { Dialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { NumberField } from '../../kit/number-field.tsx'
import { InlineError } from '../../kit/state.tsx'
import { useForm } from '../../kit/use-form.ts'
import { messages } from '../../messages/index.ts'
import styles from './settings.module.css'

const texts = messages.settings.tokens

const DAY = 24 * 60 * 60
const DEFAULT_DAYS = 90
const MOST_DAYS = 3_650

const shape = z.object({
  comment: z.string().trim().min(1, texts.commentMissing).max(1024),
  /** NaN when nothing was typed: the token then does not expire. */
  days: z.union([z.nan(), z.number().int().min(1).max(MOST_DAYS)]),
  scopes: z.array(z.string()).min(1, texts.scopesMissing),
})

export function GenerateToken({ onClose }: { readonly onClose: () => void }) {
  const { create } = useAccessTokenChanges()
  const [made, setMade] = useState<CreatedAccessToken>()
  const form = useForm({
    shape,
    initial: { comment: '', days: DEFAULT_DAYS, scopes: ['all-apis'] },
    send: ({ comment, days, scopes }) =>
      create.mutateAsync({
        comment,
        scopes,
        ...(Number.isNaN(days) ? {} : { lifetime_seconds: days * DAY }),
      }),
    onDone: setMade,
    fieldOf: { lifetime_seconds: 'days' },
  })
  if (made !== undefined) return <Made secret={made.token_value} onClose={onClose} />
  const choose = (scope: string, isChosen: boolean) =>
    form.set(
      'scopes',
      isChosen ? [...form.values.scopes, scope] : form.values.scopes.filter((other) => other !== scope),
    )
  return (
    <Dialog
      title={texts.generate}
      isOpen
      hasForm
      onClose={onClose}
      isChanged={form.isChanged}
      buttons={
        <Button kind="primary" onPress={form.submit} isBusy={form.isBusy}>
          {texts.generateVerb}
        </Button>
      }
    >
      <form
        className={styles['form']}
        aria-label={texts.generate}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          form.submit()
        }}
      >
        <TextField
          label={texts.comment}
          hint={texts.commentHint}
          value={form.values.comment}
          onChange={(comment) => form.set('comment', comment)}
          problem={form.problemOf('comment')}
          maxLength={1024}
          autoFocus
        />
        <NumberField
          label={texts.lifetime}
          hint={texts.lifetimeHint}
          isOptional
          value={form.values.days}
          onChange={(days) => form.set('days', days)}
          minValue={1}
          maxValue={MOST_DAYS}
          problem={form.problemOf('days')}
        />
        <fieldset className={styles['scopes']}>
          <legend>{texts.scopes}</legend>
          <Checkbox
            isSelected={form.values.scopes.includes('all-apis')}
            onChange={(isChosen) => choose('all-apis', isChosen)}
            hint={texts.allApisHint}
          >
            {texts.allApis}
          </Checkbox>
          <Checkbox
            isSelected={form.values.scopes.includes('postgres')}
            onChange={(isChosen) => choose('postgres', isChosen)}
            hint={texts.postgresHint}
            problem={form.problemOf('scopes')}
          >
            {texts.postgres}
          </Checkbox>
        </fieldset>
        <InlineError error={form.error} />
        {/* Makes Enter in a field submit the form. */}
        <button type="submit" hidden />
      </form>
    </Dialog>
  )
}

function Made({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  const [isCopied, setCopied] = useState(false)
  const [asks, setAsks] = useState(false)
  return (
    <Dialog
      title={texts.generate}
      isOpen
      hasForm
      isChanged
      withoutCancel
      onClose={onClose}
      buttons={
        asks ? (
          <>
            <Button autoFocus onPress={() => setAsks(false)}>
              {texts.goBack}
            </Button>
            <Button kind="danger" onPress={onClose}>
              {texts.closeAnyway}
            </Button>
          </>
        ) : (
          <Button kind="primary" onPress={() => (isCopied ? onClose() : setAsks(true))}>
            {messages.kit.done}
          </Button>
        )
      }
    >
      <p role="status">{asks ? texts.notCopied : texts.created}</p>
      {!asks && (
        <SecretField
          what={texts.what}
          secret={secret}
          copyLabel={texts.copy}
          onCopied={() => setCopied(true)}
        />
      )}
    </Dialog>
  )
}
