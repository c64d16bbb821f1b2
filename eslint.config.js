// What the compiler does not see: forgotten promises, values of unknown type, unions that a switch forgot.
// Layout is Prettier's business, the direction of imports that of packages/server/test/house.
import eslint from '@eslint/js'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  { ignores: ['**/dist/', 'packages/server/types/', 'packages/server/console/', 'coverage/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        // A default that ends in unreachable() is how a union is closed; one that does something closes nothing.
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
      // A function that satisfies an asynchronous port need not wait for anything itself.
      '@typescript-eslint/require-await': 'off',
      // Ports are records of closures, made to be taken apart; the few classes are never passed by method.
      '@typescript-eslint/unbound-method': 'off',
      // Brackets mark a name that nobody has declared: a claim, an environment variable.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
      // A question that a review answers, not a law.
      'max-lines': ['warn', { max: 500, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['packages/*/test/**/*.ts'],
    rules: {
      // A test that is skipped says so on the console.
      'no-console': 'off',
      // A stage that plays a part of the world may do nothing for the rest of a union.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ['packages/console/**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: { project: './packages/console/tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Parameters of a column or an option are read and passed on; React components may return what they render.
      '@typescript-eslint/no-empty-object-type': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'JSXText[value=/[A-Za-z]{2}/]',
          message: 'Texts stand in the message catalogue (src/messages).',
        },
        {
          selector:
            'JSXAttribute[name.name=/^(label|title|placeholder|hint|what|copyLabel|action|aria-label|description)$/] > Literal[value=/[A-Za-z]{2}/]',
          message: 'Texts stand in the message catalogue (src/messages).',
        },
        {
          selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]',
          message: 'Trusted Types forbid it (docs/console.md).',
        },
        {
          selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]',
          message: 'Trusted Types forbid it (docs/console.md).',
        },
        {
          selector: 'CallExpression[callee.property.name="setAttribute"][arguments.0.value="style"]',
          message: 'The content security policy forbids it; use the style property.',
        },
      ],
    },
  },
  {
    files: ['packages/console/src/{pages,kit,app}/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Pages use the queries of src/data.' }],
    },
  },
  {
    files: ['packages/console/public/*.js'],
    languageOptions: { globals: { localStorage: 'readonly', document: 'readonly' } },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        URLSearchParams: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        crypto: 'readonly',
      },
    },
  },
)
