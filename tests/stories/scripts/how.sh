# Ends as `--how` says; `--control` is the folder where it meets the test.
how=$2
control=$4
echo "$how" >>"$control/log"
case $how in
well) ;;
value) echo '{"map": 0.25, "names": ["a", "b"]}' >"$XPM_OUTPUT" ;;
number) echo 0.5 >"$XPM_OUTPUT" ;;
malformed) printf '{\n  "map": 0.2,\n}\n' >"$XPM_OUTPUT" ;;
nan) printf '{"map": NaN}' >"$XPM_OUTPUT" ;;
empty) : >"$XPM_OUTPUT" ;;
fails)
    echo 'reading the data' >&2
    echo 'ValueError: the data are wrong' >&2
    exit 3
    ;;
fails-first)
    if [ "$XPM_ATTEMPT" = 1 ]; then
        echo '1' >"$XPM_OUTPUT"
        exit 1
    fi
    ;;
killed) kill -KILL $$ ;;
burns | burns-and-is-killed)
    # A variable of 100 MB, which costs the time of a CPU too.
    burnt=$(head -c 100000000 /dev/zero | tr '\0' x)
    [ "$how" = burns ] || kill -KILL $$
    ;;
segfault) kill -SEGV $$ ;;
huge) head -c 100000000 /dev/zero ;;
closes) exec >&- 2>&- ;;
daemon)
    setsid sh -c "while [ -e '$control/daemon' ]; do sleep 0.01; done" >/dev/null 2>&1 &
    ;;
slow)
    trap 'touch "$control/asked"; exit 9' TERM
    sh -c "echo \$\$ >'$control/grandchild'; trap '' TERM; while :; do sleep 0.01; done" &
    touch "$control/started"
    while :; do sleep 0.01; done
    ;;
asked-ends-well)
    trap 'touch "$control/asked"; exit 0' TERM
    touch "$control/started"
    while :; do sleep 0.01; done
    ;;
asked-gives-value)
    trap 'echo 7 >"$XPM_OUTPUT"; exit 0' TERM
    touch "$control/started"
    while :; do sleep 0.01; done
    ;;
out-of-time)
    echo "$XPM_ATTEMPT" >>checkpoint.txt
    [ "$XPM_ATTEMPT" -lt 3 ] && exit 75
    cat checkpoint.txt | tr -d '\n' >"$XPM_OUTPUT"
    ;;
emits)
    # Dies once, within a line; the resumable one goes on where it was.
    step=$(cat next 2>/dev/null || echo 1)
    while [ "$step" -le 6 ]; do
        if [ "$step" = 4 ] && [ "$XPM_ATTEMPT" = 1 ]; then
            printf '{"emit": "step", "val' >>"$XPM_EVENTS"
            kill -KILL $$
        fi
        echo "{\"emit\": \"step\", \"value\": $step}" >>"$XPM_EVENTS"
        step=$((step + 1))
        echo $step >next
    done
    ;;
emits-and-loses-its-job)
    # The process of its job is killed behind a checkpoint, before anybody can have looked.
    step=$(cat next 2>/dev/null || echo 1)
    while [ "$step" -le 6 ]; do
        echo "{\"emit\": \"step\", \"value\": $step}" >>"$XPM_EVENTS"
        echo "{\"metric\": \"loss\", \"step\": $step, \"value\": $step}" >>"$XPM_EVENTS"
        echo $((step + 1)) >next
        if [ "$step" = 4 ] && [ "$XPM_ATTEMPT" = 1 ]; then
            echo $$ >"$control/program"
            kill -KILL $PPID
            while :; do sleep 0.01; done
        fi
        step=$((step + 1))
    done
    ;;
emits-at-once)
    # Says everything in the first attempt, which is not to end by itself.
    [ "$XPM_ATTEMPT" = 1 ] || exit 0
    printf '{"emit": "step", "value": %d}\n{"metric": "loss", "value": 0.5}\n' 1 2 3 4 5 6 >>"$XPM_EVENTS"
    while :; do sleep 0.01; done
    ;;
a-thousand-of-each)
    step=0
    while [ "$step" -lt 1000 ]; do
        echo "out $step"
        echo "err $step" >&2
        echo "{\"metric\": \"loss\", \"step\": $step, \"value\": $step}" >>"$XPM_EVENTS"
        echo "{\"emit\": \"step\", \"value\": $step}" >>"$XPM_EVENTS"
        step=$((step + 1))
    done
    ;;
emits-until-asked)
    trap 'touch "$control/asked"; exit 0' TERM
    echo '{"emit": "step", "value": 1}' >>"$XPM_EVENTS"
    echo '{"emit": "step", "value": 2}' >>"$XPM_EVENTS"
    while [ ! -e "$control/go" ]; do sleep 0.01; done
    ;;
events)
    echo '{"progress": 0.25, "description": "epoch"}' >>"$XPM_EVENTS"
    echo '{"metric": "loss", "step": 1, "value": 0.5}' >>"$XPM_EVENTS"
    echo '{"emit": "checkpoint", "value": {"step": 1}}' >>"$XPM_EVENTS"
    touch "$control/said"
    while [ ! -e "$control/seen" ]; do sleep 0.01; done
    echo 'this is no event' >>"$XPM_EVENTS"
    echo '{"metric": "loss", "value": NaN}' >>"$XPM_EVENTS"
    echo '{"metric": "loss", "value": "a"}' >>"$XPM_EVENTS"
    printf '{"metric": "other", "value": 3}' >>"$XPM_EVENTS"
    ;;
*) exit 99 ;;
esac
