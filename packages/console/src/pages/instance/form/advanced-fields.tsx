/** «Advanced Settings», collapsed in Create and expanded in Edit. */
import type { ReactNode } from 'react'
import { Checkbox, Switch } from '../../../kit/choice.tsx'
import { TextField } from '../../../kit/field.tsx'
import { NumberField } from '../../../kit/number-field.tsx'
import { Notice } from '../../../kit/state.tsx'
import type { FormState } from '../../../kit/use-form.ts'
import { messages } from '../../../messages/index.ts'
import type { FormValues } from './form-values.ts'
import styles from './form.module.css'

const texts = messages.instance.form

export interface AdvancedFieldsProps {
  readonly form: FormState<FormValues>
  /** Shown below the switch of native login: the consequences of changing it. */
  readonly nativeLoginNote: ReactNode
}

export function AdvancedFields({ form, nativeLoginNote }: AdvancedFieldsProps) {
  const { values, set, problemOf } = form
  return (
    <div className={styles['fields']}>
      <Switch
        isSelected={values.enable_pg_native_login}
        onChange={(isOn) => set('enable_pg_native_login', isOn)}
      >
        {texts.nativeLogin}
      </Switch>
      <Problem text={problemOf('enable_pg_native_login')} />
      {nativeLoginNote}
      <TextField
        label={texts.tags}
        hint={texts.tagsHint}
        isOptional
        isMultiline
        isMono
        rows={2}
        value={values.custom_tags}
        onChange={(text) => set('custom_tags', text)}
        problem={problemOf('custom_tags')}
      />
      <NumberField
        label={texts.retention}
        hint={texts.retentionHint}
        minValue={2}
        maxValue={35}
        value={values.retention_window_in_days}
        onChange={(days) => set('retention_window_in_days', Number.isNaN(days) ? 7 : days)}
        problem={problemOf('retention_window_in_days')}
      />
      <fieldset className={styles['group']}>
        <legend>{texts.sessionPolicy}</legend>
        <Checkbox
          isSelected={values.end_on_token_expiry}
          onChange={(isOn) => set('end_on_token_expiry', isOn)}
        >
          {texts.endOnExpiry}
        </Checkbox>
        <Checkbox
          isSelected={values.end_on_membership_loss}
          onChange={(isOn) => set('end_on_membership_loss', isOn)}
        >
          {texts.endOnLoss}
        </Checkbox>
      </fieldset>
      {values.kind === 'new' && (
        <>
          <Switch
            isSelected={values.enable_logical_replication}
            onChange={(isOn) => set('enable_logical_replication', isOn)}
            hint={texts.replicationHint}
          >
            {texts.replication}
          </Switch>
          <Problem text={problemOf('enable_logical_replication')} />
        </>
      )}
      <p className={styles['hint']}>{texts.notHere}</p>
    </div>
  )
}

const Problem = ({ text }: { readonly text: string | undefined }) =>
  text === undefined ? null : <Notice tone="warn">{text}</Notice>
