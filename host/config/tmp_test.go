package config
import ("testing";"time";"fmt";"strings")
func TestTmp(t *testing.T){
 text:=uncommented(t)
 for _,s:=range []string{text, "version: 1\n\tx\n"+text, text+"\tx: {\n", strings.Repeat("x-"+"a: b\n",1)+strings.Repeat("# c\n",100000)+"\t x", "version: 1\nx-a: [" + strings.Repeat("*a,",1300000)+"]", "version: 1\nx-a: " + strings.Repeat("[",9900)+ strings.Repeat("]",9900),
 "version: 1\nchannels: [" + strings.Repeat("{},",1300000)+"]","version: 1\nx-a: &a {}\nchannels: [" + strings.Repeat("*a,",1300000)+"]"} {
 n:=time.Now(); _,r:=load(s,nil); fmt.Println(len(s), time.Since(n), len(r.Problems)); if len(r.Problems)>0 {fmt.Println(r.Problems[0])}
 }
}
