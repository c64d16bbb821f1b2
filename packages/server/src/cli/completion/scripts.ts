/** What `lakegate completion <shell>` prints: for each shell a few lines that ask `lakegate __complete`. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Bash 3.2 of macOS has neither `compopt` nor `mapfile`. */
const BASH = `# Completion of lakegate for bash. In ~/.bashrc: eval "$(lakegate completion bash)"
_lakegate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
      :directories) compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
      ?*) COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")") ;;
    esac
  done < <(lakegate __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _lakegate lakegate
`

const ZSH = `#compdef lakegate
# Completion of lakegate for zsh. In ~/.zshrc, behind compinit: eval "$(lakegate completion zsh)"
_lakegate() {
  local line word
  local -a candidates
  for line in "\${(@f)$(lakegate __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :files) _files; return ;;
      :directories) _files -/; return ;;
      ?*) word="\${line%%$'\\t'*}"
        if [[ "$line" == *$'\\t'* ]]; then candidates+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
        else candidates+=("\${word//:/\\\\:}"); fi ;;
    esac
  done
  (( \${#candidates} )) && _describe 'lakegate' candidates
}
if [[ "\${funcstack[1]}" == _lakegate ]]; then _lakegate "$@"; else compdef _lakegate lakegate; fi
`

const FISH = `# Completion of lakegate for fish: lakegate completion fish > ~/.config/fish/completions/lakegate.fish
function __lakegate_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (lakegate __complete -- $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path "$current"
      case ':directories'
        __fish_complete_directories "$current"
      case '*'
        printf '%s\\n' $line
    end
  end
end
complete -c lakegate -f -a '(__lakegate_complete)'
`

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
