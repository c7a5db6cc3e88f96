"""The completion scripts: each asks `forgather completion SHELL --words` for the words in the place of the cursor.

They treat these words as data: a server's answer is among them.
"""

from __future__ import annotations

from typing import Final

SCRIPTS: Final = {
    "bash": r"""
_forgather() {
  local command=$1 current=$2 found word
  type -P -- "$command" >/dev/null || command=forgather
  found=$("$command" completion bash --words -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case $found in
    :files) compopt -o default; return ;;
    :folders) compopt -o dirnames; return ;;
  esac
  while IFS= read -r word; do
    [[ -n $word && $word == "$current"* ]] && COMPREPLY+=("$word")
  done <<<"$found"
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _forgather forgather forgather-units
""",
    "zsh": r"""
#compdef forgather forgather-units
_forgather() {
  local command=$words[1]
  local -a lines found shown before
  whence -p -- $command >/dev/null || command=forgather
  (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
  lines=("${(@f)$($command completion zsh --words -- "${before[@]}" "${(Q)PREFIX}" 2>/dev/null)}")
  lines=(${lines:#})
  [[ $PREFIX == --*=* ]] && compset -P '*='
  case $lines[1] in
    :files) _files ;;
    :folders) _files -/ ;;
    *)
      found=("${(@)lines%%$'\t'*}")
      shown=("${(@)lines/$'\t'/  -- }")
      (( $#found == 1 )) && [[ $found[1] == *= ]] && compadd -S '' -a found && return
      (( $#found )) && compadd -l -d shown -a found
      ;;
  esac
}
# Loaded from a folder of $fpath, this file is the function's body.
if [[ $funcstack[1] == _forgather ]]; then _forgather "$@"; else compdef _forgather forgather forgather-units; fi
""",
    "fish": r"""
function __forgather_words
  set -l before (commandline -opc)
  set -l last (commandline -ct)
  set -l command $before[1]
  type -q -f -- "$command"; or set command forgather
  set -l found (command $command completion fish --words -- $before[2..-1] "$last" 2>/dev/null)
  set -l flag (string match -r -- '^--[^=]*=' "$last")
  set -l value (string replace -r -- '^--[^=]*=' '' "$last")
  # The path functions know no quotes.
  string match -q -r -- '^["\']' "$value"; and set value (string sub -s 2 -- "$value" | string escape -n)
  switch "$found[1]"
    case :files
      set found (__fish_complete_path "$value" '')
    case :folders
      set found (__fish_complete_directories "$value" '')
  end
  for each in $found
    printf '%s\n' "$flag$each"
  end
end
complete -c forgather -f -a '(__forgather_words)'
complete -c forgather-units -f -a '(__forgather_words)'
""",
}
