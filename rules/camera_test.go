package rules

import (
	"testing"

	"spanaudit/classify"
	"spanaudit/flow"
)

func TestCameraInternet(t *testing.T) {
	testVerdicts(t, parse(t, declared), "camera-internet", []verdictCase{
		{"exchange", one(func(w *wire) *classify.Record { return w.tcp(cam1+":50000", outside+":443") }), Fail, []string{"high 10.20.0.21 203.0.113.9"}},
		{"by address alone", one(func(w *wire) *classify.Record { return w.tcp(cam2+":50000", outside+":443") }), Fail, []string{"high 10.20.0.22 203.0.113.9"}},
		{"pulled", one(func(w *wire) *classify.Record { return w.rtsp(outside+":50000", cam1+":554", classify.RTSP{}) }), Fail, []string{"high 10.20.0.21 203.0.113.9"}},
		{"refused", one(func(w *wire) *classify.Record { return w.tcp(cam1+":50000", outside+":443", syn, rst) }), Fail, []string{"low 10.20.0.21 203.0.113.9"}},
		{"datagrams without answer", one(func(w *wire) *classify.Record { return unanswered(w, cam1+":50000", outside+":3478") }), Fail, []string{"low 10.20.0.21 203.0.113.9"}},
		{"media without answer", one(func(w *wire) *classify.Record { return w.rtp(cam1+":50000", outside+":5004") }), Fail, []string{"high 10.20.0.21 203.0.113.9"}},
		{"inside only", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{}) }), Pass, nil},
		{"port unreachable", one(func(w *wire) *classify.Record { return w.record(flow.ICMP, cam1+":3", outside+":3", []datum{ask}) }), NotObserved, nil},
		{"others", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", outside+":443") }), NotObserved, nil},
	})
}

func TestCameraStream(t *testing.T) {
	rtsp := func(r classify.RTSP) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", r) })
	}
	play := []string{"OPTIONS", "DESCRIBE", "SETUP", "PLAY"}
	setup := []classify.Setup{{Transport: "udp", ClientPorts: [2]uint16{6000, 6001}, ServerPorts: [2]uint16{7000, 7001}, Answered: true}}
	media := func(w *wire) *classify.Record { return w.rtp(cam1+":7000", panorama+":6000") }
	failed := []string{"info 10.20.0.21 10.20.0.10"}
	testVerdicts(t, parse(t, declared), "camera-stream", []verdictCase{
		{"interleaved", rtsp(classify.RTSP{Methods: play, StatusCodes: []int{401, 200}, Interleaved: true}), Pass, nil},
		{"over UDP", func(w *wire) []*classify.Record {
			return []*classify.Record{w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{Methods: play, StatusCodes: []int{200}, Setups: setup}), media(w)}
		}, Pass, nil},
		{"wrong password", rtsp(classify.RTSP{Methods: play[:2], StatusCodes: []int{200, 401}}), Fail, failed},
		{"no media", rtsp(classify.RTSP{Methods: play, StatusCodes: []int{200}, Setups: setup}), Fail, failed},
		{"refused", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", cam1+":554", syn, rst) }), Fail, failed},
		{"refused, then playing", func(w *wire) []*classify.Record {
			return []*classify.Record{
				w.tcp(panorama+":50000", cam1+":554", syn, rst),
				w.rtsp(panorama+":50001", cam1+":554", classify.RTSP{Methods: play, StatusCodes: []int{200}, Interleaved: true}),
			}
		}, Pass, nil},
		{"media alone", func(w *wire) []*classify.Record { return []*classify.Record{media(w)} }, Indeterminate, nil},
		{"another port", one(func(w *wire) *classify.Record { return w.tcp(panorama+":50000", cam1+":80", syn, rst) }), NotObserved, nil},
	})
}

func TestRTSPPort(t *testing.T) {
	testVerdicts(t, parse(t, declared), "rtsp-port", []verdictCase{
		{"declared", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{}) }), Pass, nil},
		{"another", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":8554", classify.RTSP{}) }), Fail, []string{"low 10.20.0.21 10.20.0.10"}},
		{"media alone, the other way round", one(func(w *wire) *classify.Record {
			return spoken(w.midstream(cam1+":554", panorama+":50000"), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}})
		}), Pass, nil},
		{"media alone", one(func(w *wire) *classify.Record {
			return spoken(w.midstream(cam1+":8554", panorama+":50000"), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}})
		}), Indeterminate, nil},
		{"beyond the site", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", outside+":8554", classify.RTSP{}) }), NotObserved, nil},
	})
}

func TestRTSPParties(t *testing.T) {
	rtsp := func(client, server string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record { return w.rtsp(client+":50000", server+":554", classify.RTSP{}) })
	}
	testVerdicts(t, parse(t, declared), "rtsp-parties", []verdictCase{
		{"appliance and camera", rtsp(panorama, cam1), Pass, nil},
		{"laptop and camera", rtsp(laptop, cam1), Fail, []string{"medium 10.30.0.77 10.20.0.21"}},
		{"camera that pushes", rtsp(cam1, panorama), Fail, []string{"medium 10.20.0.21 10.20.0.10"}},
		{"a server that is no camera", rtsp(panorama, laptop), Fail, []string{"medium 10.20.0.10 10.30.0.77"}},
		{"inside TLS", one(func(w *wire) *classify.Record { return w.tls(laptop+":50000", cam1+":554", classify.TLS{}) }), Fail, []string{"medium 10.30.0.77 10.20.0.21"}},
		{"media alone", one(func(w *wire) *classify.Record {
			return spoken(w.midstream(cam1+":554", panorama+":50000"), classify.Facts{Protocol: classify.ProtoRTSP, RTSP: &classify.RTSP{Interleaved: true}})
		}), Indeterminate, nil},
		{"beyond the site", rtsp(outside, cam1), NotObserved, nil},
		{"a stream sent to a laptop", one(func(w *wire) *classify.Record {
			return w.setup(panorama+":50000", cam1+":554", classify.Setup{Destination: addr(laptop)})
		}), Fail, []string{"medium 10.20.0.10 10.20.0.21"}},
		{"a stream sent to its viewer", one(func(w *wire) *classify.Record {
			return w.setup(panorama+":50000", cam1+":554", classify.Setup{Destination: addr(panorama)})
		}), Pass, nil},
	})
}

func TestVideoEncryption(t *testing.T) {
	testVerdicts(t, parse(t, declared), "video-encryption", []verdictCase{
		{"in clear", one(func(w *wire) *classify.Record { return w.rtsp(panorama+":50000", cam1+":554", classify.RTSP{}) }), Fail, []string{"info 10.20.0.10 10.20.0.21"}},
		{"inside TLS", one(func(w *wire) *classify.Record {
			r := w.tls(panorama+":50000", cam1+":322", classify.TLS{})
			r.Wrapped, r.WrappedBy = classify.ProtoRTSP, "port"
			return r
		}), Pass, nil},
		{"media alone", one(func(w *wire) *classify.Record { return w.rtp(cam1+":7000", panorama+":6000") }), Indeterminate, nil},
		{"beyond the site", one(func(w *wire) *classify.Record { return w.rtsp(outside+":50000", cam1+":554", classify.RTSP{}) }), NotObserved, nil},
		{"other TLS", one(func(w *wire) *classify.Record { return w.tls(panorama+":50000", cam1+":443", classify.TLS{}) }), NotObserved, nil},
	})
}

func TestVideoDisguised(t *testing.T) {
	out := []string{"medium 10.20.0.21 203.0.113.9"}
	behindSTUN := func(p classify.Protocol) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return spoken(w.udp(cam1+":50000", outside+":3478"), classify.Facts{Protocol: p, STUN: true})
		})
	}
	http := func(method, path string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			return w.http(cam1+":50000", outside+":80", classify.HTTP{Methods: []string{method}, Path: path})
		})
	}
	upload := func(name string) func(*wire) []*classify.Record {
		return one(func(w *wire) *classify.Record {
			r := w.tls(panorama+":50000", outside+":443", classify.TLS{ServerName: name})
			r.End, r.Client.Payload = r.Start+60*second, 60*1e6/8
			return r
		})
	}
	testVerdicts(t, parse(t, declared+"video: { max_uplink_kbps: 512 }\n"), "video-disguised", []verdictCase{
		{"RTMP", one(func(w *wire) *classify.Record { return w.speaks(classify.ProtoRTMP, cam1+":50000", outside+":1935") }), Fail, out},
		{"SRT", one(func(w *wire) *classify.Record {
			return spoken(w.udp(cam1+":50000", outside+":9000"), classify.Facts{Protocol: classify.ProtoSRT})
		}), Fail, out},
		{"WebRTC", behindSTUN(classify.ProtoDTLS), Fail, out},
		{"STUN", behindSTUN(classify.ProtoSTUN), Indeterminate, nil},
		{"Kinesis Video Streams", one(func(w *wire) *classify.Record {
			return w.tls(panorama+":50000", outside+":443", classify.TLS{ServerName: "s-1a2b.kinesisvideo.us-east-1.amazonaws.com"})
		}), Fail, []string{"medium 10.20.0.10 203.0.113.9"}},
		{"HLS upload", http("PUT", "/live/1.ts"), Fail, out},
		{"HLS download", http("GET", "/live/1.ts"), Pass, nil},
		{"fast upload", upload("backup.example.com"), Indeterminate, nil},
		{"fast upload to an endpoint", upload("logs.us-east-1.amazonaws.com"), Pass, nil},
		{"RTMP of a laptop", one(func(w *wire) *classify.Record { return w.speaks(classify.ProtoRTMP, laptop+":50000", outside+":1935") }), NotObserved, nil},
		{"RTMP inside", one(func(w *wire) *classify.Record { return w.speaks(classify.ProtoRTMP, cam1+":50000", panorama+":1935") }), NotObserved, nil},
	})
	testVerdicts(t, builtin(t, "edge-camera"), "video-disguised", []verdictCase{
		{"RTMP of anybody where nobody is declared", one(func(w *wire) *classify.Record {
			return w.speaks(classify.ProtoRTMP, "192.168.1.5:50000", outside+":1935")
		}), Fail, []string{"medium 192.168.1.5 203.0.113.9"}},
	})
}
