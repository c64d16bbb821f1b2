/** The two fields for a new password, used wherever one is set. */
import { html, type Html } from './html.ts'

/** @param isWrong when they were refused, for a reason that the page shows */
export function newPasswordFields(isWrong: boolean, focus: 'first' | 'none'): Html {
  const invalid = isWrong
    ? html` aria-describedby="password-rule problem" aria-invalid="true"`
    : html` aria-describedby="password-rule"`
  return html`<label for="password">New password</label>
    <input
      id="password"
      name="password"
      type="password"
      autocomplete="new-password"
      required
      minlength="12"
      maxlength="256"
      ${invalid}
      ${focus === 'first' ? html` autofocus` : undefined}
    />
    <p class="hint" id="password-rule">At least 12 characters.</p>
    <label for="repetition">The same again</label>
    <input
      id="repetition"
      name="repetition"
      type="password"
      autocomplete="new-password"
      required
      minlength="12"
      maxlength="256"
      ${invalid}
    />`
}
