# Writes what it is told to `arguments.txt` in the job's folder, an argument a line, and where it is.
printf '%s\n' "$@" >arguments.txt
pwd >where.txt
env | grep '^XPM_' | sort >environment.txt
read -r line && echo "standard input holds: $line"
echo '{"arguments": '$#'}' >"$XPM_OUTPUT"
