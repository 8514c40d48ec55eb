#!/bin/sh
# Seeds for the fuzzers in the folder $1, one folder per target: the frames of ../test/vectors and requests made here.
set -eu
out=$1
vectors=$(dirname "$0")/../../test/vectors
rm -rf "$out"
mkdir -p "$out/set" "$out/grant" "$out/state" "$out/request" "$out/stream" "$out/monitor" "$out/dbus"
for file in "$vectors"/set-*.bin; do
	[ -s "$file" ] && [ "$(wc -c <"$file")" -le 4000 ] || continue
	name=$(basename "$file")
	cp "$file" "$out/set/$name"
	cp "$file" "$out/stream/$name"
	{ printf '\001' && tail -c +9 "$file"; } >"$out/request/$name"
done
config='\000\000\000\000\002\000\000\000\000\000\000\000\004\000\000\000\000\000\000\000\006\000\000\000\000\000\000\000\010\000\000\000\000\000\000\000\012\000\000\000'
# EXEC: hasConfig, config identity (the one of the usual set), command, --only
printf '\003\001'"$config"'\002\000sh\000\000' >"$out/request/exec"
printf '\003\001'"$config"'\002\000sh\002\000\005\000TOKEN\010\000x.tfvars' >"$out/request/exec-only"
printf '\003\001'"$config"'\002\000sh\001\000\005\000OTHER' >"$out/request/exec-unknown"
printf '\003\001'"$config"'\003\000env\000\000' >"$out/request/exec-missing"
printf '\003\001'"$config"'\004\000tofu\000\000' >"$out/request/exec-star"
printf '\003\000'"$config"'\002\000sh\000\000' >"$out/request/exec-stale"
{ # as many --only as are allowed
	printf '\003\001'"$config"'\002\000sh\310\000'
	for _ in 1 2 3 4 5 6 7 8 9 10; do printf '\001\000A%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; done
} >"$out/request/exec-200"
printf '\006' >"$out/request/status"
printf '\010' >"$out/request/lock"
printf '\011\000\000\000\000\001\000\005\000TOKEN' >"$out/request/get"
printf '\011\003\000\000\000KEY\001\000\011\000@identity' >"$out/request/get-internal"
printf '\011\003\000\000\000KEY\003\000\005\000TOKEN\004\000NONE\005\000EMPTY' >"$out/request/get-many"
printf '\011\000\000\000\000\000\000' >"$out/request/get-none"
printf '\011\003\000\000\000KEY\000\000' >"$out/request/prove"
printf '\011\000\000\000\000\001\000\006\000@about' >"$out/request/about"
printf '\021' >"$out/request/renew"
printf '\025\012\000KUBECONFIG\003\000\000\000old\001\000\000\000c' >"$out/request/keep"
for file in exec exec-only exec-missing status lock get get-many prove about renew keep; do # the same as frames
	size=$(($(wc -c <"$out/request/$file") - 1))
	type=$(head -c 1 "$out/request/$file" | od -An -to1 | tr -d ' ')
	{
		printf 'TZ\004\'"$type"'\'"$(printf %03o $((size % 256)))"'\'"$(printf %03o $((size / 256)))"'\000\000'
		tail -c +2 "$out/request/$file"
	} >"$out/stream/$file"
done
{ # a monitor that says how two refreshes went, the second one in the wrong length
	printf 'TZ\004\016\015\000\000\000\105\140\352\000\000\000\000\000\000\001\000\000\000TZ\004\016\010\000\000\000\000\000\000\000\000\000\000\000'
} >"$out/monitor/results"
# GRANT: umask 077, an end in 179 s, a FILE, a VALUE, a BIND, an ENV
printf '\077\000\263\000\000\000\001\004\000\000\000\004\003\000\000\000\001\000d\001\000f\200\001\001\000E\005\000\000\000\000\001\000V\006\007\000\000\000\004\000/p/x\200\001\007\001\001\000N\001\000v' >"$out/grant/all"
printf '\377\377\377\377\377\377\000\000\000\000\000' >"$out/grant/none"
printf '\077\000\000\000\000\000\002\001\000\000\000\005\000\000\020\000\001\000V' >"$out/grant/largest"
# STATE: unlocked, nothing runs; the same with one command
never='\377\377\377\377\377\377\377\377'
printf "$never$never$never"'\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\003\000\000\000\001\000p\002\000/p\001\000v\000\000' >"$out/state/idle"
printf "$never$never"'\140\352\000\000\000\000\000\000\001\001\001\002\001\002\105\001\001\002\003\004\005\000\000\000\003\000\000\000\001\000p\002\000/p\001\000v\001\000\007\000\000\000\001\002\003\004\005\000\000\000\002\000sh\002\000\001\000A\001\000B' >"$out/state/running"
# bus messages: PrepareForSleep(true), a property (uo), a text
printf '\154\004\000\001\004\000\000\000\007\000\000\000\167\000\000\000\001\001\157\000\027\000\000\000\057\157\162\147\057\146\162\145\145\144\145\163\153\164\157\160\057\154\157\147\151\156\061\000\002\001\163\000\036\000\000\000\157\162\147\056\146\162\145\145\144\145\163\153\164\157\160\056\154\157\147\151\156\061\056\115\141\156\141\147\145\162\000\000\003\001\163\000\017\000\000\000\120\162\145\160\141\162\145\106\157\162\123\154\145\145\160\000\007\001\163\000\004\000\000\000\072\061\056\065\000\000\000\000\010\001\147\000\001\142\000\000\001\000\000\000' >"$out/dbus/signal"
printf '\154\002\000\001\023\000\000\000\007\000\000\000\037\000\000\000\005\001\165\000\011\000\000\000\007\001\163\000\004\000\000\000\072\061\056\065\000\000\000\000\010\001\147\000\001\166\000\000\004\050\165\157\051\000\000\000\350\003\000\000\002\000\000\000\057\141\000' >"$out/dbus/property"
printf '\154\002\000\001\011\000\000\000\007\000\000\000\017\000\000\000\005\001\165\000\011\000\000\000\010\001\147\000\001\163\000\000\004\000\000\000\072\061\056\071\000' >"$out/dbus/text"
